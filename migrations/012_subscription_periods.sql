-- What a captured order does to a subscription. Money never vanishes: every paid day is served, or turned into days of
-- another plan at the catalogue's prices.

alter table public.subscriptions
  add column if not exists next_plan text,
  add column if not exists next_interval text,
  add column if not exists next_period_end timestamptz,
  drop constraint if exists subscription_next_plan_check,
  drop constraint if exists subscription_next_interval_check,
  drop constraint if exists subscription_next_check;
alter table public.subscriptions
  add constraint subscription_next_plan_check check (next_plan in ('ascent', 'glide', 'soar')),
  add constraint subscription_next_interval_check check (next_interval in ('month', 'year')),
  add constraint subscription_next_check check (
    (next_plan is null) = (next_period_end is null) and (next_plan is null) = (next_interval is null)
    and (next_plan is null or next_period_end > current_period_end));
comment on column public.subscriptions.next_plan is
  'A smaller plan that is paid for and begins at current_period_end, lasting until next_period_end.';

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

-- In UTC, whatever the session's time zone: 31 January and one month is the last of February.
create or replace function private.add_interval(p_from timestamptz, p_interval text) returns timestamptz
language sql immutable parallel safe set search_path = '' as $$
  select ((p_from at time zone 'UTC')
    + case p_interval when 'month' then interval '1 month' when 'year' then interval '1 year' end) at time zone 'UTC'
$$;
comment on function private.add_interval(timestamptz, text) is
  'The same time of day one calendar month or year later, at the month''s last day where there is no such day.';

-- Paise for twelve months, so that monthly and yearly prices can be compared in whole numbers.
create or replace function private.yearly_value(p_plan text, p_interval text) returns numeric
language sql stable set search_path = '' as $$
  select case p_interval when 'year' then p.yearly_paise else 12 * p.monthly_paise end
  from public.plans p where p.plan = p_plan
$$;
comment on function private.yearly_value(text, text) is 'Paise that twelve months of a plan cost when paid by the interval.';

create or replace function private.convert_time(
  p_time interval, p_plan text, p_interval text, p_new_plan text, p_new_interval text
) returns interval
language sql stable set search_path = '' as $$
  -- Rounded up to a whole second, in the customer's favour. A plan without a price (of an older ladder) counts one to one.
  select pg_catalog.make_interval(secs => pg_catalog.ceil(coalesce(
    extract(epoch from p_time) * private.yearly_value(p_plan, p_interval)
      / private.yearly_value(p_new_plan, p_new_interval),
    extract(epoch from p_time)))::float8)
$$;
comment on function private.convert_time(interval, text, text, text, text) is
  'Unused time of one plan as time of another, at today''s prices.';

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
      + (private.add_interval(v_sub.current_period_end, p_interval) - v_sub.current_period_end);
    v_sub.current_period_end := private.add_interval(v_sub.current_period_end, p_interval);
    v_sub.billing_interval := p_interval;
  elsif v_live and v_rank < v_current then
    if v_sub.next_plan is null then
      v_sub.next_plan := p_plan;
      v_sub.next_interval := p_interval;
      v_sub.next_period_end := private.add_interval(v_sub.current_period_end, p_interval);
    elsif v_sub.next_plan = p_plan then
      v_sub.next_period_end := private.add_interval(v_sub.next_period_end, p_interval);
    else
      -- A third plan: what was to follow is turned into time of the one bought last.
      v_credit := private.convert_time(v_sub.next_period_end - v_sub.current_period_end,
        v_sub.next_plan, v_sub.next_interval, p_plan, p_interval);
      v_sub.next_plan := p_plan;
      v_sub.next_interval := p_interval;
      v_sub.next_period_end := private.add_interval(v_sub.current_period_end, p_interval) + v_credit;
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
    v_sub.current_period_end := private.add_interval(p_now, p_interval) + v_credit;
    v_sub.next_plan := null;
    v_sub.next_interval := null;
    v_sub.next_period_end := null;
  end if;

  update public.subscriptions set
    plan = v_sub.plan, legacy_plan = v_sub.legacy_plan, status = 'active', billing_interval = v_sub.billing_interval,
    current_period_start = v_sub.current_period_start, current_period_end = v_sub.current_period_end,
    next_plan = v_sub.next_plan, next_interval = v_sub.next_interval, next_period_end = v_sub.next_period_end,
    grace_period_end = null
  where id = v_sub.id returning * into v_sub;
  return v_sub;
end $$;
comment on function private.extend_subscription(uuid, text, text, timestamptz) is
  'Adds one paid interval of a plan: a renewal at the period''s end, a larger plan now with unused value as days, a smaller one after the period. The caller holds the workspace''s lock.';

create or replace function private.subscription_json(p_subscription public.subscriptions, p_now timestamptz) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_sub public.subscriptions := private.subscription_now(p_subscription, p_now);
begin
  if v_sub.id is null then
    return null;
  end if;
  return pg_catalog.jsonb_build_object(
    'plan', v_sub.plan, 'status', v_sub.status,
    'current_period_start', private.rfc3339(v_sub.current_period_start),
    'current_period_end', private.rfc3339(v_sub.current_period_end),
    'access_until', private.rfc3339(private.access_until(v_sub)));
end $$;
comment on function private.subscription_json(public.subscriptions, timestamptz) is
  'A subscription as the API shows it; null for none.';

revoke all on function private.subscription_now(public.subscriptions, timestamptz),
  private.add_interval(timestamptz, text), private.yearly_value(text, text),
  private.convert_time(interval, text, text, text, text),
  private.extend_subscription(uuid, text, text, timestamptz),
  private.subscription_json(public.subscriptions, timestamptz) from public, anon, authenticated;
grant execute on function private.subscription_now(public.subscriptions, timestamptz) to authenticated, service_role;

-- The two reads of a person's standing, now with the plan that counts at the moment of asking.

create or replace function public.verify_profile() returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_user public.users;
  v_workspace_id uuid;
  v_role text;
  v_subscription public.subscriptions;
  v_context public.workspace_context;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select * into v_user from public.users where auth_user_id = auth.uid() and is_active;
  v_workspace_id := private.own_workspace(v_user.id);
  select role into v_role from public.workspace_members where workspace_id = v_workspace_id and user_id = v_user.id;
  select * into v_subscription from public.subscriptions where workspace_id = v_workspace_id;
  v_subscription := private.subscription_now(v_subscription, pg_catalog.now());
  select * into v_context from public.workspace_context where workspace_id = v_workspace_id;
  return pg_catalog.jsonb_build_object(
    'profile_exists', v_user.id is not null,
    'workspace_exists', v_role is not null,
    'workspace_id', v_workspace_id,
    'role', v_role,
    'plan', v_subscription.plan,
    'plan_status', coalesce(v_subscription.status, 'none'),
    'access_until', private.rfc3339(private.access_until(v_subscription)),
    'onboarding_status', coalesce(v_user.onboarding_status, 'pending'),
    'manifest', case when v_context.workspace_id is not null then pg_catalog.jsonb_build_object(
      'version', v_context.latest_version, 'confirmed_at', private.rfc3339(v_context.confirmed_at)) end);
end $$;
comment on function public.verify_profile() is
  'The facts about the caller and the workspace that stands for them at the gate; makes and changes nothing.';

create or replace function public.read_membership(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_role text;
  v_subscription public.subscriptions;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select m.role into v_role
  from public.workspace_members m join public.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and u.auth_user_id = auth.uid() and u.is_active and m.is_active;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  select * into v_subscription from public.subscriptions where workspace_id = p_workspace_id;
  v_subscription := private.subscription_now(v_subscription, pg_catalog.now());
  return pg_catalog.jsonb_build_object(
    'role', v_role,
    'plan', v_subscription.plan,
    'access_until', private.rfc3339(private.access_until(v_subscription)));
end $$;
