-- What a captured order or a trial does to a subscription. Money never vanishes: every paid day is served, or turned into days of
-- another plan at the catalogue's prices.

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
    v_sub.current_period_end := private.add_interval(p_now, p_interval) + v_credit;
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

-- Written in hours like grace: the same length in every time zone.
create or replace function public.start_trial(p_workspace_id uuid, p_plan text default 'ascent') returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_sub public.subscriptions;
  v_now timestamptz;
begin
  if p_plan is null or not exists (select from public.plans where plan = p_plan) then
    perform private.fail('PT422', 'plan_unknown', 'The plan must be ascent, glide or soar.');
  end if;
  perform from public.workspaces where id = p_workspace_id for no key update;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace.');
  end if;
  select * into v_sub from public.subscriptions where workspace_id = p_workspace_id for update;
  if v_sub.plan is not null or v_sub.legacy_plan is not null or v_sub.trial_end is not null then
    perform private.fail('PT409', 'trial_not_possible',
      'This workspace has or had a plan; a trial is started once, before the first one.');
  end if;
  v_now := pg_catalog.clock_timestamp();
  insert into public.subscriptions (workspace_id, plan, status, trial_end)
  values (p_workspace_id, p_plan, 'trial', v_now + interval '168 hours')
  on conflict (workspace_id) do update
    set plan = excluded.plan, status = excluded.status, trial_end = excluded.trial_end
  returning * into v_sub;
  perform private.audit(p_workspace_id, null, 'subscription.trial_started',
    pg_catalog.jsonb_build_object('plan', p_plan, 'trial_end', private.rfc3339(v_sub.trial_end)), null);
  return private.subscription_json(v_sub, v_now);
end $$;
comment on function public.start_trial(uuid, text) is
  'Gives a workspace that never had a plan 7 days of one; once. For the operator, by the service key.';

revoke all on function private.yearly_value(text, text),
  private.convert_time(interval, text, text, text, text),
  private.extend_subscription(uuid, text, text, timestamptz),
  private.subscription_json(public.subscriptions, timestamptz),
  public.start_trial(uuid, text) from public, anon, authenticated;
grant execute on function public.start_trial(uuid, text) to service_role;
