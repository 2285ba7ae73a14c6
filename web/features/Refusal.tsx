import type { Problem } from "@gatehouse/wasm-client";

import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import styles from "./Refusal.module.css";

/** What the Worker refused and what to do about it, with the request id to give to support. */
export function Refusal({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  return (
    <Notice tone="error" title={problem.detail} text={problem.fix}>
      <Button look="quiet" onClick={onRetry}>
        Try again
      </Button>
      {problem.request_id && <p className={styles.request}>Request {problem.request_id}</p>}
    </Notice>
  );
}
