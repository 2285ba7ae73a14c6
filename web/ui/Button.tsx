import type { ButtonHTMLAttributes } from "react";

import styles from "./Button.module.css";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` for the one main action of a form, `quiet` for the rest. */
  look?: "primary" | "quiet";
}

/** A button; it submits no form unless `type` says so. */
export function Button({ look = "primary", type = "button", className, ...rest }: Props) {
  return <button type={type} className={[styles.button, styles[look], className].filter(Boolean).join(" ")} {...rest} />;
}
