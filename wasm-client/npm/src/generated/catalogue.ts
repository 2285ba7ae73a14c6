// Generated from core by `npm run codegen`; do not edit.

import type { Offer } from "./api.js";

/** Every plan on sale, from the smallest to the largest. */
export const CATALOGUE: readonly Offer[] = [
  {"plan":"ascent","monthly_paise":500000,"yearly_paise":5000000,"moves_per_week":3,"active_campaigns":3,"seats":1},
  {"plan":"glide","monthly_paise":700000,"yearly_paise":7000000,"moves_per_week":null,"active_campaigns":null,"seats":5},
  {"plan":"soar","monthly_paise":1000000,"yearly_paise":10000000,"moves_per_week":null,"active_campaigns":null,"seats":null},
];
