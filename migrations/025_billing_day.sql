-- The day of the month on which a subscription renews. Without it a renewal on 31 January would end on 28 February and
-- then on 28 March: three paid days lost for ever. The calendar is UTC's (docs/decisions/0007).

alter table public.subscriptions
  add column if not exists billing_day smallint,
  drop constraint if exists subscription_billing_day_check;
alter table public.subscriptions
  add constraint subscription_billing_day_check check (billing_day between 1 and 31);
comment on column public.subscriptions.billing_day is
  'Day of the month, in UTC, on which periods end where the month has it; set by each purchase that starts a period.';

-- The function of two arguments forgot the day that a short month had cut.
drop function if exists private.add_interval(timestamptz, text);
create or replace function private.add_interval(p_from timestamptz, p_interval text, p_billing_day integer)
returns timestamptz
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_at timestamp := p_from at time zone 'UTC';
  v_month timestamp := pg_catalog.date_trunc('month', v_at);
  v_later timestamp := v_month + case p_interval when 'month' then interval '1 month' when 'year' then interval '1 year' end;
  v_day integer := extract(day from v_at);
begin
  -- Only a last day can be one that a short month cut; any other day stands for itself.
  if extract(day from v_month + interval '1 month' - interval '1 day') = v_day then
    v_day := greatest(v_day, p_billing_day);
  end if;
  v_day := least(v_day, extract(day from v_later + interval '1 month' - interval '1 day')::integer);
  return (v_later + pg_catalog.make_interval(days => v_day - 1) + (v_at - pg_catalog.date_trunc('day', v_at)))
    at time zone 'UTC';
end $$;
comment on function private.add_interval(timestamptz, text, integer) is
  'The same time of day one calendar month or year later in UTC, on the billing day where the month has it and on its last day where it has not.';
revoke all on function private.add_interval(timestamptz, text, integer) from public, anon, authenticated;

create or replace function private.extend_subscription(
  p_workspace_id uuid, p_plan text, p_interval text, p_now timestamptz
) returns public.subscriptions
language plpgsql volatile set search_path = '' as $$
declare
  v_sub public.subscriptions;
  v_live boolean;
  v_rank smallint;
  v_current smallint;
  v_credit interval := interval '0';
begin
  insert into public.subscriptions (workspace_id) values (p_workspace_id) on conflict (workspace_id) do nothing;
  select * into strict v_sub from public.subscriptions where workspace_id = p_workspace_id for update;
  v_sub := private.subscription_now(v_sub, p_now);
  v_live := coalesce(v_sub.status in ('active', 'past_due', 'cancelled') and v_sub.current_period_end > p_now, false);
  select rank into strict v_rank from public.plans where plan = p_plan;
  select rank into v_current from public.plans where plan = v_sub.plan;

  if v_live and v_sub.plan = p_plan then
    -- A renewal: the period grows at its end, and what was to follow follows later.
    v_sub.next_period_end := v_sub.next_period_end
      + (private.add_interval(v_sub.current_period_end, p_interval, v_sub.billing_day) - v_sub.current_period_end);
    v_sub.current_period_end := private.add_interval(v_sub.current_period_end, p_interval, v_sub.billing_day);
    v_sub.billing_interval := p_interval;
  elsif v_live and v_rank < v_current then
    if v_sub.next_plan is null then
      v_sub.next_plan := p_plan;
      v_sub.next_interval := p_interval;
      v_sub.next_period_end := private.add_interval(v_sub.current_period_end, p_interval, v_sub.billing_day);
    elsif v_sub.next_plan = p_plan then
      v_sub.next_period_end := private.add_interval(v_sub.next_period_end, p_interval, v_sub.billing_day);
    else
      -- A third plan: what was to follow is turned into time of the one bought last.
      v_credit := private.convert_time(v_sub.next_period_end - v_sub.current_period_end,
        v_sub.next_plan, v_sub.next_interval, p_plan, p_interval);
      v_sub.next_plan := p_plan;
      v_sub.next_interval := p_interval;
      v_sub.next_period_end := private.add_interval(v_sub.current_period_end, p_interval, v_sub.billing_day) + v_credit;
    end if;
  else
    -- A first purchase, a return after the end, or a larger plan: it starts now, with what is unused on top.
    if v_live then
      v_credit := private.convert_time(v_sub.current_period_end - p_now,
        v_sub.plan, v_sub.billing_interval, p_plan, p_interval);
      if v_sub.next_plan is not null then
        v_credit := v_credit + private.convert_time(v_sub.next_period_end - v_sub.current_period_end,
          v_sub.next_plan, v_sub.next_interval, p_plan, p_interval);
      end if;
    end if;
    v_sub.plan := p_plan;
    v_sub.legacy_plan := null;
    v_sub.billing_interval := p_interval;
    v_sub.current_period_start := p_now;
    v_sub.current_period_end := private.add_interval(p_now, p_interval, null) + v_credit;
    -- Days on top move the end, and the end is then what renewals repeat.
    v_sub.billing_day := extract(day from
      (case when v_credit > interval '0' then v_sub.current_period_end else p_now end) at time zone 'UTC');
    v_sub.next_plan := null;
    v_sub.next_interval := null;
    v_sub.next_period_end := null;
  end if;

  update public.subscriptions set
    plan = v_sub.plan, legacy_plan = v_sub.legacy_plan, status = 'active', billing_interval = v_sub.billing_interval,
    current_period_start = v_sub.current_period_start, current_period_end = v_sub.current_period_end,
    next_plan = v_sub.next_plan, next_interval = v_sub.next_interval, next_period_end = v_sub.next_period_end,
    billing_day = v_sub.billing_day, grace_period_end = null
  where id = v_sub.id returning * into v_sub;
  return v_sub;
end $$;
comment on function private.extend_subscription(uuid, text, text, timestamptz) is
  'Adds one paid interval of a plan: a renewal at the period''s end, a larger plan now with unused value as days, a smaller one after the period. The caller holds the workspace''s lock.';
