import Link from "next/link";
import type { ReactNode } from "react";

import styles from "./Button.module.css";

/** A link to another page of this site that looks like the main button. */
export function LinkButton({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className={`${styles.button} ${styles.primary} ${styles.link}`}>
      {children}
    </Link>
  );
}
