-- What a workspace has paid for and until when. Access is worked out from dates at the moment of asking: the status
-- says which date counts, and a label that nobody has updated yet cannot keep a door open.

-- Subscriptions of an older installation are kept, closed to clients, under another name: they are keyed by person and
-- priced in dollars by another ladder.
select private.set_aside('subscriptions', 'legacy_plan');

create table if not exists public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  plan text,
  legacy_plan text,
  status text not null default 'none',
  billing_interval text,
  billing_day smallint,
  current_period_start timestamptz,
  current_period_end timestamptz,
  trial_end timestamptz,
  grace_period_end timestamptz,
  next_plan text,
  next_interval text,
  next_period_end timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.subscriptions
  drop constraint if exists subscription_workspace_id_key,
  drop constraint if exists subscription_workspace_id_fkey,
  drop constraint if exists subscription_plan_check,
  drop constraint if exists subscription_status_check,
  drop constraint if exists subscription_billing_interval_check,
  drop constraint if exists subscription_billing_day_check,
  drop constraint if exists subscription_period_check,
  drop constraint if exists subscription_dates_check,
  drop constraint if exists subscription_next_plan_check,
  drop constraint if exists subscription_next_interval_check,
  drop constraint if exists subscription_next_check;
alter table public.subscriptions
  add constraint subscription_workspace_id_key unique (workspace_id),
  add constraint subscription_workspace_id_fkey
    foreign key (workspace_id) references public.workspaces (id) on delete cascade,
  add constraint subscription_plan_check check (plan in ('ascent', 'glide', 'soar')),
  add constraint subscription_status_check
    check (status in ('none', 'trial', 'active', 'past_due', 'cancelled', 'expired')),
  add constraint subscription_billing_interval_check check (billing_interval in ('month', 'year')),
  add constraint subscription_billing_day_check check (billing_day between 1 and 31),
  add constraint subscription_period_check
    check ((current_period_start is null) = (current_period_end is null) and current_period_end > current_period_start),
  -- Each status that gives access has the date that ends it, and something that was bought.
  add constraint subscription_dates_check check (
    case status
      when 'trial' then trial_end is not null
      when 'active' then current_period_end is not null
      when 'past_due' then grace_period_end is not null
      when 'cancelled' then current_period_end is not null
      else true
    end
    and (status in ('none', 'expired') or plan is not null or legacy_plan is not null)),
  add constraint subscription_next_plan_check check (next_plan in ('ascent', 'glide', 'soar')),
  add constraint subscription_next_interval_check check (next_interval in ('month', 'year')),
  add constraint subscription_next_check check (
    (next_plan is null) = (next_period_end is null) and (next_plan is null) = (next_interval is null)
    and (next_plan is null or next_period_end > current_period_end));
comment on table public.subscriptions is 'One row per workspace that ever had a plan; no row means status none.';
comment on column public.subscriptions.legacy_plan is 'Name of a plan of the older ladder, for rows that predate this one.';
comment on column public.subscriptions.billing_day is
  'Day of the month, in UTC, on which periods end where the month has it; set by each purchase that starts a period.';
comment on column public.subscriptions.next_plan is
  'A smaller plan that is paid for and begins at current_period_end, lasting until next_period_end.';

create or replace trigger touch_updated_at before update on public.subscriptions
  for each row execute function private.touch_updated_at();

-- Grace is written in hours: "3 days" would stretch or shrink with the summer time of the session's time zone.
create or replace function private.grace() returns interval
language sql immutable parallel safe set search_path = '' as $$ select interval '72 hours' $$;
comment on function private.grace() is 'How long access outlives a paid period: 3 days.';

create or replace function private.access_until(p_subscription public.subscriptions) returns timestamptz
language sql stable parallel safe set search_path = '' as $$
  select case (p_subscription).status
    when 'active' then
      coalesce((p_subscription).next_period_end, (p_subscription).current_period_end) + private.grace()
    when 'trial' then (p_subscription).trial_end
    when 'past_due' then (p_subscription).grace_period_end
    when 'cancelled' then coalesce((p_subscription).next_period_end, (p_subscription).current_period_end)
  end
$$;
comment on function private.access_until(public.subscriptions) is
  'The instant at which a subscription stops giving access, past or future; null when it gives none. The caller compares it with its own clock.';

-- Readers see the plan that counts now, whether or not anything has rolled the row forward.
create or replace function private.subscription_now(p_subscription public.subscriptions, p_now timestamptz)
returns public.subscriptions
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  if (p_subscription).next_plan is not null and (p_subscription).current_period_end <= p_now then
    p_subscription.plan := p_subscription.next_plan;
    p_subscription.legacy_plan := null;
    p_subscription.billing_interval := p_subscription.next_interval;
    p_subscription.current_period_start := p_subscription.current_period_end;
    p_subscription.current_period_end := p_subscription.next_period_end;
    p_subscription.next_plan := null;
    p_subscription.next_interval := null;
    p_subscription.next_period_end := null;
  end if;
  return p_subscription;
end $$;
comment on function private.subscription_now(public.subscriptions, timestamptz) is
  'A subscription with a paid-for smaller plan taken over, once its time has come.';

-- Without the billing day a renewal on 31 January would end on 28 February and then on 28 March: three paid days lost for
-- ever. The calendar is UTC's, whatever the session's time zone (docs/decisions/0007).
create or replace function private.add_interval(p_from timestamptz, p_interval text, p_billing_day integer default null)
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

revoke all on function private.grace(), private.access_until(public.subscriptions),
  private.subscription_now(public.subscriptions, timestamptz), private.add_interval(timestamptz, text, integer)
  from public, anon, authenticated;
grant execute on function private.grace(), private.access_until(public.subscriptions),
  private.subscription_now(public.subscriptions, timestamptz) to authenticated, service_role;

select private.reset_access('public.subscriptions');
grant select on public.subscriptions to authenticated;
grant select, insert, update on public.subscriptions to service_role;
create policy "Members see the plan of their workspaces" on public.subscriptions
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));
