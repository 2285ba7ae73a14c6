import type { Interval, Offer, Plan } from "@gatehouse/wasm-client";

import { rupees } from "../../lib/money";
import { PLAN_NAMES } from "../../lib/payments";
import { Button } from "../../ui/Button";
import { Sheet } from "../../ui/Sheet";
import styles from "./Plans.module.css";

interface Props {
  offer: Offer;
  interval: Interval;
  figure: string;
  /** The plan whose payment page is being opened; no other can be chosen until then. */
  opening: Plan | undefined;
  onChoose: () => void;
}

function limit(count: number | null | undefined): string {
  return count == null ? "Unlimited" : count.toLocaleString("en-IN");
}

/** One plan: its price, what it allows, and its button. */
export function PlanCard({ offer, interval, figure, opening, onChoose }: Props) {
  const { plan, monthly_paise: monthly, yearly_paise: yearly } = offer;
  const name = PLAN_NAMES[plan];
  const saved = 12 * monthly - yearly;
  return (
    <Sheet figure={figure} title={name}>
      <p className={styles.price}>
        <strong data-testid={`price-${plan}`}>{rupees(interval === "month" ? monthly : yearly)}</strong> a {interval}
      </p>
      <p className={styles.saved}>
        {interval === "month" ? `${rupees(yearly)} when paid yearly` : `${rupees(saved)} less than twelve single months`}
      </p>
      <dl className={styles.facts}>
        <dt>Moves a week</dt>
        <dd>{limit(offer.moves_per_week)}</dd>
        <dt>Active campaigns</dt>
        <dd>{limit(offer.active_campaigns)}</dd>
        <dt>Seats</dt>
        <dd>{limit(offer.seats)}</dd>
      </dl>
      <Button className={styles.choose} disabled={opening !== undefined} onClick={onChoose}>
        {opening === plan ? "Opening PhonePe…" : `Choose ${name}`}
      </Button>
    </Sheet>
  );
}
