import { type ReactNode, useId } from "react";

import styles from "./Sheet.module.css";

interface Props {
  /** The drawing's label, such as `FIG. 01`. */
  figure: string;
  title: string;
  /** A sentence under the title. */
  lead?: string;
  children: ReactNode;
}

/** A sheet of paper with a figure label and a heading: the frame of everything on a page. */
export function Sheet({ figure, title, lead, children }: Props) {
  const id = useId();
  return (
    <section className={styles.sheet} aria-labelledby={id}>
      <header className={styles.head}>
        <p className={styles.figure}>{figure}</p>
        <h2 id={id}>{title}</h2>
        {lead && <p className={styles.lead}>{lead}</p>}
      </header>
      {children}
    </section>
  );
}
