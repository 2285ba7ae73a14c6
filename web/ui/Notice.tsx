import type { ReactNode } from "react";

import styles from "./Notice.module.css";

interface Props {
  tone: "error" | "warning" | "success" | "plain";
  title: string;
  /** What to do about it, or what it means. */
  text?: string;
  children?: ReactNode;
}

/** A message to the person. Screen readers announce errors at once and the rest when idle. */
export function Notice({ tone, title, text, children }: Props) {
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === "error" ? "alert" : "status"}>
      <p className={styles.title}>{title}</p>
      {text && <p className={styles.text}>{text}</p>}
      {children}
    </div>
  );
}
