-- What a workspace has paid for and until when. Access is worked out from dates at the moment of asking: the status
-- says which date counts, and a label that nobody has updated yet cannot keep a door open.

-- Subscriptions of an older installation are kept, closed to clients, under another name: they are keyed by person and
-- priced in dollars by another ladder.
do $$
begin
  if to_regclass('public.subscriptions') is not null
     and not exists (select from pg_attribute
                     where attrelid = to_regclass('public.subscriptions') and attname = 'legacy_plan') then
    alter table public.subscriptions rename to subscriptions_legacy;
    perform private.reset_access('public.subscriptions_legacy');
    comment on table public.subscriptions_legacy is
      'Subscriptions of the older installation, kept as they were. No client reads them.';
  end if;
end $$;

create table if not exists public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  plan text,
  legacy_plan text,
  status text not null default 'none',
  billing_interval text,
  current_period_start timestamptz,
  current_period_end timestamptz,
  trial_end timestamptz,
  grace_period_end timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.subscriptions
  drop constraint if exists subscription_workspace_id_key,
  drop constraint if exists subscription_workspace_id_fkey,
  drop constraint if exists subscription_plan_check,
  drop constraint if exists subscription_status_check,
  drop constraint if exists subscription_billing_interval_check,
  drop constraint if exists subscription_period_check,
  drop constraint if exists subscription_dates_check;
alter table public.subscriptions
  add constraint subscription_workspace_id_key unique (workspace_id),
  add constraint subscription_workspace_id_fkey
    foreign key (workspace_id) references public.workspaces (id) on delete cascade,
  add constraint subscription_plan_check check (plan in ('ascent', 'glide', 'soar')),
  add constraint subscription_status_check
    check (status in ('none', 'trial', 'active', 'past_due', 'cancelled', 'expired')),
  add constraint subscription_billing_interval_check check (billing_interval in ('month', 'year')),
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
    and (status in ('none', 'expired') or plan is not null or legacy_plan is not null));
comment on table public.subscriptions is 'One row per workspace that ever had a plan; no row means status none.';
comment on column public.subscriptions.legacy_plan is 'Name of a plan of the older ladder, for rows that predate this one.';

create or replace trigger touch_updated_at before update on public.subscriptions
  for each row execute function private.touch_updated_at();

-- Grace is written in hours: "3 days" would stretch or shrink with the summer time of the session's time zone.
create or replace function private.grace() returns interval
language sql immutable parallel safe set search_path = '' as $$ select interval '72 hours' $$;
comment on function private.grace() is 'How long access outlives a paid period: 3 days.';

create or replace function private.access_until(p_subscription public.subscriptions) returns timestamptz
language sql stable parallel safe set search_path = '' as $$
  select case (p_subscription).status
    when 'active' then (p_subscription).current_period_end + private.grace()
    when 'trial' then (p_subscription).trial_end
    when 'past_due' then (p_subscription).grace_period_end
    when 'cancelled' then (p_subscription).current_period_end
  end
$$;
comment on function private.access_until(public.subscriptions) is
  'The instant at which a subscription stops giving access, past or future; null when it gives none. The caller compares it with its own clock.';
revoke all on function private.grace(), private.access_until(public.subscriptions) from public, anon, authenticated;
grant execute on function private.grace(), private.access_until(public.subscriptions) to authenticated, service_role;

select private.reset_access('public.subscriptions');
grant select on public.subscriptions to authenticated;
grant select, insert, update on public.subscriptions to service_role;
create policy "Members see the plan of their workspaces" on public.subscriptions
  for select to authenticated using (workspace_id in (select private.my_workspace_ids('{owner,admin,member}')));
