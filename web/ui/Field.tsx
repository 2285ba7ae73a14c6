import type { ReactNode } from "react";

import styles from "./Field.module.css";

/** What an input needs so that its label, hint and error are read with it. */
export interface InputProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
  className: string | undefined;
}

interface Props {
  id: string;
  label: string;
  optional?: boolean;
  hint?: string;
  /** The error sentence. */
  error?: string;
  /** Shown under the input on the right, such as a character counter. */
  aside?: ReactNode;
  children: (input: InputProps) => ReactNode;
}

/** A labelled input with its hint, its error sentence and an aside. */
export function Field({ id, label, optional, hint, error, aside, children }: Props) {
  const described = [error && `${id}-error`, hint && `${id}-hint`, aside && `${id}-aside`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label} {optional && <span className={styles.optional}>optional</span>}
      </label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": Boolean(error),
        className: styles.input,
      })}
      <div className={styles.below}>
        <div>
          {error && (
            <p id={`${id}-error`} className={styles.error}>
              {error}
            </p>
          )}
          {hint && (
            <p id={`${id}-hint`} className={styles.hint}>
              {hint}
            </p>
          )}
        </div>
        {aside && (
          <p id={`${id}-aside`} className={styles.aside}>
            {aside}
          </p>
        )}
      </div>
    </div>
  );
}
