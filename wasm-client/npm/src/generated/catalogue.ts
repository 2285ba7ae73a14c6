// Generated from core by `npm run codegen`; do not edit.

import type { Plan } from "./vocabulary.js";

/** What a plan costs and allows. Amounts are integer paise (INR) and include GST; null is unlimited. */
export interface Offer {
  plan: Plan;
  monthly_paise: number;
  yearly_paise: number;
  moves_per_week: number | null;
  active_campaigns: number | null;
  seats: number | null;
}

/** The plans and their prices, from the smallest. */
export const CATALOGUE: readonly Offer[] = [
  {"plan":"ascent","monthly_paise":500000,"yearly_paise":5000000,"moves_per_week":3,"active_campaigns":3,"seats":1},
  {"plan":"glide","monthly_paise":700000,"yearly_paise":7000000,"moves_per_week":null,"active_campaigns":null,"seats":5},
  {"plan":"soar","monthly_paise":1000000,"yearly_paise":10000000,"moves_per_week":null,"active_campaigns":null,"seats":null},
];
