//! The price list as the database and the package read it.

use std::fmt::Write as _;

use gatehouse_core::plan::{CATALOGUE, Offer};
use gatehouse_core::vocabulary::Plan;
use serde_json::json;

const SQL_HEAD: &str = "\
-- Generated from core/src/plan.rs by `npm run codegen`; do not edit.
-- The price list. Amounts are integer paise and include GST; a limit of null is unlimited.

-- A price list of an older installation steps aside under another name, closed to clients.
select private.set_aside('plans', 'monthly_paise');

create table if not exists public.plans (
  plan text primary key,
  rank smallint not null,
  monthly_paise bigint not null,
  yearly_paise bigint not null,
  moves_per_week integer,
  active_campaigns integer,
  seats integer
);
";

const SQL_TAIL: &str = "\
comment on table public.plans is
  'What each plan costs and allows; rank orders them from the smallest. Changed by migrations only, read by everybody.';

select private.reset_access('public.plans');
grant select on public.plans to anon, authenticated, service_role;
create policy \"Everybody reads the price list\" on public.plans for select to anon, authenticated using (true);
";

fn sql_limit(limit: Option<u32>) -> String {
    limit.map_or_else(|| "null".to_owned(), |limit| limit.to_string())
}

fn sql_row(rank: usize, offer: &Offer) -> String {
    format!(
        "  ('{}', {}, {}, {}, {}, {}, {})",
        offer.plan,
        rank,
        offer.monthly_paise,
        offer.yearly_paise,
        sql_limit(offer.moves_per_week),
        sql_limit(offer.active_campaigns),
        sql_limit(offer.seats)
    )
}

/// `migrations/009_plan_catalogue.sql`
pub fn sql() -> String {
    let words: Vec<_> = Plan::TEXTS.iter().map(|word| format!("'{word}'")).collect();
    let rows: Vec<_> = CATALOGUE.iter().zip(1..).map(|(offer, rank)| sql_row(rank, offer)).collect();
    let mut out = SQL_HEAD.to_owned();
    let _ = write!(
        out,
        "alter table public.plans\n  drop constraint if exists plans_plan_check,\n  \
         drop constraint if exists plans_price_check;\n\
         alter table public.plans\n  add constraint plans_plan_check check (plan in ({})),\n  \
         add constraint plans_price_check check (monthly_paise >= 100 and yearly_paise >= 100);\n\
         insert into public.plans (plan, rank, monthly_paise, yearly_paise, moves_per_week, active_campaigns, seats) values\n\
         {}\non conflict (plan) do update\n  set rank = excluded.rank, monthly_paise = excluded.monthly_paise, \
         yearly_paise = excluded.yearly_paise,\n      moves_per_week = excluded.moves_per_week, \
         active_campaigns = excluded.active_campaigns, seats = excluded.seats;\n",
        words.join(", "),
        rows.join(",\n")
    );
    out + SQL_TAIL
}

/// `catalogue.ts`
pub fn typescript() -> String {
    let mut out = String::from(
        "// Generated from core by `npm run codegen`; do not edit.\n\nimport type { Plan } from \"./vocabulary.js\";\n\n\
         /** What a plan costs and allows. Amounts are integer paise (INR) and include GST; null is unlimited. */\n\
         export interface Offer {\n  plan: Plan;\n  monthly_paise: number;\n  yearly_paise: number;\n  \
         moves_per_week: number | null;\n  active_campaigns: number | null;\n  seats: number | null;\n}\n\n\
         /** The plans and their prices, from the smallest. */\n\
         export const CATALOGUE: readonly Offer[] = [\n",
    );
    for offer in CATALOGUE {
        let _ = writeln!(out, "  {},", json!(offer));
    }
    out.push_str("];\n");
    out
}
