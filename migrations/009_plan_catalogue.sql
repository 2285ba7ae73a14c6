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
alter table public.plans
  drop constraint if exists plans_plan_check,
  drop constraint if exists plans_price_check;
alter table public.plans
  add constraint plans_plan_check check (plan in ('ascent', 'glide', 'soar')),
  add constraint plans_price_check check (monthly_paise >= 100 and yearly_paise >= 100);
insert into public.plans (plan, rank, monthly_paise, yearly_paise, moves_per_week, active_campaigns, seats) values
  ('ascent', 1, 500000, 5000000, 3, 3, 1),
  ('glide', 2, 700000, 7000000, null, null, 5),
  ('soar', 3, 1000000, 10000000, null, null, null)
on conflict (plan) do update
  set rank = excluded.rank, monthly_paise = excluded.monthly_paise, yearly_paise = excluded.yearly_paise,
      moves_per_week = excluded.moves_per_week, active_campaigns = excluded.active_campaigns, seats = excluded.seats;
comment on table public.plans is
  'What each plan costs and allows; rank orders them from the smallest. Changed by migrations only, read by everybody.';

select private.reset_access('public.plans');
grant select on public.plans to anon, authenticated, service_role;
create policy "Everybody reads the price list" on public.plans for select to anon, authenticated using (true);
