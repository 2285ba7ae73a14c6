-- What an older installation leaves behind: doors to close, and subscriptions that people paid for.

-- Price lists without row-level security, second copies of people and subscriptions with policies that let everybody in,
-- functions that run with the owner's rights. Nothing here reads them. They keep their rows and lose their callers.
do $$
declare
  v_name text;
  v_function regprocedure;
begin
  foreach v_name in array array['plans', 'profiles', 'user_profiles', 'payments', 'email_logs', 'subscription_plans',
    'user_subscriptions', 'user_onboarding', 'plan_usage_limits', 'subscription_events', 'bcm_version_history',
    'bcm_access_logs', 'bcm_metrics', 'bcm_cleanup_queue', 'bcm_manifests', 'audit_logs', 'payment_audit_log',
    'payment_security_events'] loop
    if exists (select from pg_class where oid = to_regclass('public.' || v_name) and relkind in ('r', 'p')) then
      perform private.close_legacy(to_regclass('public.' || v_name));
    end if;
  end loop;
  for v_function in
    select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and proname in (
      'handle_new_user_workspace', 'handle_new_auth_user', 'generate_workspace_slug', 'get_active_subscription',
      'upsert_subscription', 'workspace_needs_payment')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', v_function);
  end loop;
end $$;

-- The rows are read as JSON, because installations differ in their columns: some key a subscription by the person, some
-- by the workspace, and the same date has several names.
create or replace function private.legacy_subscription(p_row jsonb) returns public.subscriptions
language plpgsql stable set search_path = '' as $$
declare
  v_sub public.subscriptions;
  v_start timestamptz := coalesce(p_row ->> 'current_period_start', p_row ->> 'created_at');
  v_end timestamptz := p_row ->> 'current_period_end';
begin
  select w.id into v_sub.workspace_id from public.workspaces w where w.id = (p_row ->> 'workspace_id')::uuid;
  v_sub.workspace_id := coalesce(v_sub.workspace_id, (
    select private.own_workspace(u.id) from public.users u
    where (p_row ->> 'user_id')::uuid in (u.id, u.auth_user_id) limit 1));
  v_sub.legacy_plan := coalesce(p_row ->> 'plan', p_row ->> 'plan_id', 'unknown');
  v_sub.billing_interval := case when coalesce(p_row ->> 'billing_interval', p_row ->> 'billing_cycle') in ('year', 'annual')
    then 'year' else 'month' end;
  v_sub.status := case p_row ->> 'status'
    when 'active' then 'active' when 'past_due' then 'past_due'
    when 'trial' then 'trial' when 'trialing' then 'trial'
    when 'cancelled' then 'cancelled' when 'canceled' then 'cancelled'
    else 'expired' end;
  v_sub.created_at := coalesce((p_row ->> 'created_at')::timestamptz, v_start, pg_catalog.now());

  if v_sub.status = 'trial' then
    v_sub.trial_end := coalesce((p_row ->> 'trial_ends_at')::timestamptz, (p_row ->> 'trial_end')::timestamptz, v_end,
      coalesce(v_start, v_sub.created_at) + interval '168 hours');
  elsif v_sub.status = 'active' then
    v_end := coalesce(v_end, private.add_interval(coalesce(v_start, v_sub.created_at), v_sub.billing_interval));
  elsif v_sub.status = 'cancelled' then
    v_end := coalesce(v_end, (p_row ->> 'cancels_at')::timestamptz);
    v_sub.status := case when v_end is null then 'expired' else 'cancelled' end;
  elsif v_sub.status = 'past_due' then
    v_sub.grace_period_end := coalesce((p_row ->> 'grace_period_end')::timestamptz, v_end + private.grace());
    v_sub.status := case when v_sub.grace_period_end is null then 'expired' else 'past_due' end;
  end if;
  -- The end is what somebody paid for; a start that is missing or after it is set before it.
  if v_end is not null then
    v_sub.current_period_end := v_end;
    v_sub.current_period_start := case when v_start < v_end then v_start else v_end - interval '24 hours' end;
  end if;
  return v_sub;
end $$;
comment on function private.legacy_subscription(jsonb) is
  'A subscription of an older installation as one of ours: its plan as legacy_plan, its dates kept, its status in our words; one that gives no access by either rule is expired. workspace_id is null when neither workspace nor person exists.';

-- Each workspace gets its best row. A row that is there already is newer, whoever wrote it, and stays.
do $$
begin
  if to_regclass('public.subscriptions_legacy') is null then
    return;
  end if;
  insert into public.subscriptions (workspace_id, legacy_plan, status, billing_interval, current_period_start,
    current_period_end, trial_end, grace_period_end, created_at)
  select distinct on (s.workspace_id) s.workspace_id, s.legacy_plan, s.status, s.billing_interval, s.current_period_start,
    s.current_period_end, s.trial_end, s.grace_period_end, s.created_at
  from public.subscriptions_legacy l, lateral private.legacy_subscription(to_jsonb(l)) as s
  where s.workspace_id is not null
  order by s.workspace_id, private.access_until(s) desc nulls last, s.created_at desc
  on conflict (workspace_id) do nothing;
end $$;

revoke all on function private.legacy_subscription(jsonb) from public, anon, authenticated;
