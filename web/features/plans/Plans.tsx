"use client";

import type { Interval } from "@gatehouse/wasm-client";
import { useState } from "react";

import { Refusal } from "../Refusal";
import type { SignedIn } from "../Shell";
import { useSignOutOnRefusal } from "../session/useSignOutOnRefusal";
import { PlanCard } from "./PlanCard";
import styles from "./Plans.module.css";
import { usePay } from "./usePay";
import { usePlans } from "./usePlans";

const INTERVALS: { id: Interval; label: string }[] = [
  { id: "month", label: "Monthly" },
  { id: "year", label: "Yearly" },
];

/** The catalogue, with a button for each plan. */
export function Plans(person: SignedIn) {
  const { view, reload } = usePlans(person.session.access_token, person.session.user.id, person.refresh);
  const pay = usePay(person);
  const [interval, setInterval] = useState<Interval>("month");
  const lost = useSignOutOnRefusal(view.state === "refused" ? view.problem : undefined, person.onSessionLost);

  if (view.state === "loading" || lost) return <p role="status">Loading the plans…</p>;
  if (view.state === "refused") return <Refusal problem={view.problem} onRetry={reload} />;
  return (
    <div className={styles.plans}>
      <fieldset className={styles.switch} disabled={pay.opening !== undefined}>
        <legend>How often you pay</legend>
        {INTERVALS.map(({ id, label }) => (
          <label key={id}>
            <input type="radio" name="interval" value={id} checked={interval === id} onChange={() => setInterval(id)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {pay.problem && <Refusal problem={pay.problem} onRetry={pay.retry} />}
      <div className={styles.list}>
        {view.offers.map((offer, index) => (
          <PlanCard
            key={offer.plan}
            offer={offer}
            interval={interval}
            figure={`Fig. ${String(index + 1).padStart(2, "0")} — Plan`}
            opening={pay.opening}
            onChoose={() => pay.choose(view.workspaceId, offer.plan, interval)}
          />
        ))}
      </div>
    </div>
  );
}
