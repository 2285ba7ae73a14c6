import Link from "next/link";
import type { ReactNode } from "react";

import styles from "./Button.module.css";

/** A link to another page of this site that looks like a button. */
export function LinkButton({ href, look = "primary", children }: { href: string; look?: "primary" | "quiet"; children: ReactNode }) {
  return (
    <Link href={href} className={`${styles.button} ${styles[look]} ${styles.link}`}>
      {children}
    </Link>
  );
}
