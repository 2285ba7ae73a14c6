-- What happens to a subscription while nobody pays: labels at period end and grace end, a smaller plan that takes over,
-- and the reminders before. Access follows from dates alone, so a run that comes late takes and gives nothing.

alter table public.subscriptions add column if not exists reminded_until timestamptz;
comment on column public.subscriptions.reminded_until is
  'The newest moment of reminding that was dealt with. Later moments of whatever is paid for are still to come.';

-- Hours, as in private.grace(): days would stretch with the summer time of the session's time zone.
create or replace function private.subscription_due_at(
  p_status text, p_period_end timestamptz, p_paid_until timestamptz, p_trial_end timestamptz, p_grace_end timestamptz,
  p_reminded_until timestamptz
) returns timestamptz
language sql immutable parallel safe set search_path = '' as $$
  select case p_status
    when 'trial' then p_trial_end
    when 'past_due' then p_grace_end
    when 'cancelled' then p_period_end
    when 'active' then least(p_period_end, case
      when coalesce(p_reminded_until < p_paid_until - interval '168 hours', true) then p_paid_until - interval '168 hours'
      when p_reminded_until < p_paid_until - interval '24 hours' then p_paid_until - interval '24 hours' end)
  end
$$;
comment on function private.subscription_due_at(text, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) is
  'When something happens to a subscription next if nobody pays; null for never.';
revoke all on function
  private.subscription_due_at(text, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz)
  from public, anon, authenticated;
-- Whoever may write a row needs it for the column below.
grant execute on function
  private.subscription_due_at(text, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz) to service_role;

alter table public.subscriptions add column if not exists due_at timestamptz generated always as (
  private.subscription_due_at(status, current_period_end, coalesce(next_period_end, current_period_end), trial_end,
    grace_period_end, reminded_until)) stored;
comment on column public.subscriptions.due_at is 'When cron looks at the row next; null for never.';
create index if not exists subscriptions_due_idx on public.subscriptions (due_at) where due_at is not null;

create or replace function private.subscription_label(p_subscription public.subscriptions, p_now timestamptz) returns text
language sql stable set search_path = '' as $$
  select case
    when private.access_until(p_subscription) <= p_now then 'expired'
    when (p_subscription).status = 'active'
      and coalesce((p_subscription).next_period_end, (p_subscription).current_period_end) <= p_now then 'past_due'
    else (p_subscription).status end
$$;
comment on function private.subscription_label(public.subscriptions, timestamptz) is
  'The status that a subscription''s dates stand for.';

create or replace function private.billing_contact(p_workspace_id uuid, p_ordered_by uuid) returns public.users
language sql stable set search_path = '' as $$
  select u from public.workspaces w join public.users u
    on u.email is not null and (u.id = w.owner_id or u.auth_user_id = p_ordered_by)
  where w.id = p_workspace_id
  order by (u.id = w.owner_id) desc limit 1
$$;
comment on function private.billing_contact(uuid, uuid) is
  'Who is written to about money: the owner, or the one who ordered when the owner signed up without an address.';

-- -------------------------------------------------------------------------------------------------------- reminders

create or replace function private.reminder_keys(p_workspace_id uuid, p_paid_until timestamptz) returns text[]
language sql immutable set search_path = '' as $$
  select array(select 'renewal_reminder/' || moment || '/' || p_workspace_id || '/' || private.rfc3339(p_paid_until)
               from pg_catalog.unnest(array['week_before', 'day_before', 'ended']) as moment)
$$;
comment on function private.reminder_keys(uuid, timestamptz) is
  'The outbox keys of the three reminders about one period: a week before its end, a day before, at the end.';

create or replace function private.remind(p_subscription public.subscriptions, p_moment integer) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_sub public.subscriptions := p_subscription;
  v_paid_until timestamptz := coalesce(v_sub.next_period_end, v_sub.current_period_end);
  v_plan text := coalesce(v_sub.next_plan, v_sub.plan);
  v_interval text := coalesce(v_sub.next_interval, v_sub.billing_interval);
  v_order public.payment_transactions;
  v_person public.users;
begin
  select * into v_order from public.payment_transactions
  where workspace_id = v_sub.workspace_id and status = 'completed' order by paid_at desc nulls last, id limit 1;
  v_person := private.billing_contact(v_sub.workspace_id, v_order.created_by);
  if v_person.email is null then
    return;
  end if;
  insert into public.email_outbox (idempotency_key, to_email, template, data)
  select (private.reminder_keys(v_sub.workspace_id, v_paid_until))[p_moment], v_person.email, 'renewal_reminder',
    pg_catalog.jsonb_build_object('name', v_person.full_name, 'workspace_name', w.name,
      'moment', (array['week_before', 'day_before', 'ended'])[p_moment],
      'plan', v_plan, 'legacy_plan', v_sub.legacy_plan, 'interval', v_interval,
      'amount', (select case v_interval when 'year' then p.yearly_paise else p.monthly_paise end
                 from public.plans p where p.plan = v_plan),
      'order_id', v_order.merchant_order_id,
      'period_start', private.rfc3339(case when v_sub.next_plan is null
        then v_sub.current_period_start else v_sub.current_period_end end),
      'period_end', private.rfc3339(v_paid_until), 'grace_until', private.rfc3339(v_paid_until + private.grace()))
  from public.workspaces w where w.id = v_sub.workspace_id
  on conflict (idempotency_key) do nothing;
end $$;
comment on function private.remind(public.subscriptions, integer) is
  'Puts the reminder of a moment (1 a week before the end of what is paid for, 2 a day before, 3 at the end) into the outbox, once.';

-- A reminder that is still waiting when the plan is renewed or paid back would be untrue when it arrives.
create or replace function private.drop_reminders() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.email_outbox where state = 'pending' and idempotency_key = any (
    private.reminder_keys(old.workspace_id, coalesce(old.next_period_end, old.current_period_end)));
  return null;
end $$;
comment on function private.drop_reminders() is
  'Trigger: when what is paid for ends at another time, reminders of the old one that were not sent yet are dropped.';
create or replace trigger drop_reminders after update on public.subscriptions
  for each row when (coalesce(old.next_period_end, old.current_period_end)
    is distinct from coalesce(new.next_period_end, new.current_period_end))
  execute function private.drop_reminders();

-- ---------------------------------------------------------------------------------------------------------- the cron

create or replace function private.advance_subscription(p_workspace_id uuid, p_now timestamptz) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_before public.subscriptions;
  v_sub public.subscriptions;
  v_paid_until timestamptz;
  v_moment integer;
  v_moment_at timestamptz;
begin
  select * into v_before from public.subscriptions where workspace_id = p_workspace_id for update;
  if not found or v_before.due_at is null or v_before.due_at > p_now then
    return '{"changed": false, "reminded": false}';
  end if;
  -- 1. What was to follow follows; the label is the one that the dates stand for.
  v_sub := private.subscription_now(v_before, p_now);
  v_paid_until := coalesce(v_sub.next_period_end, v_sub.current_period_end);
  v_sub.status := private.subscription_label(v_sub, p_now);
  if v_before.status = 'active' and v_sub.status <> 'active' then
    v_sub.grace_period_end := v_paid_until + private.grace();
  end if;

  -- 2. The newest moment of reminding that has come. After several missed ones only that one is told; none when access is over.
  if v_before.status = 'active' then
    v_moment := case when v_paid_until <= p_now then 3
      when v_paid_until - interval '24 hours' <= p_now then 2
      when v_paid_until - interval '168 hours' <= p_now then 1 end;
    v_moment_at := v_paid_until - (array[interval '168 hours', interval '24 hours', interval '0'])[v_moment];
    if coalesce(v_moment_at <= v_sub.reminded_until, false) then
      v_moment := null;
    end if;
    v_sub.reminded_until := greatest(v_sub.reminded_until, v_moment_at);
  end if;

  update public.subscriptions set
    plan = v_sub.plan, legacy_plan = v_sub.legacy_plan, status = v_sub.status, billing_interval = v_sub.billing_interval,
    current_period_start = v_sub.current_period_start, current_period_end = v_sub.current_period_end,
    next_plan = v_sub.next_plan, next_interval = v_sub.next_interval, next_period_end = v_sub.next_period_end,
    grace_period_end = v_sub.grace_period_end, reminded_until = v_sub.reminded_until
  where id = v_sub.id;
  if v_moment is not null and v_sub.status <> 'expired' then
    perform private.remind(v_sub, v_moment);
  end if;

  -- 3. Each change leaves its row.
  if v_before.next_plan is not null and v_sub.next_plan is null then
    perform private.audit(p_workspace_id, null, 'subscription.plan_changed', pg_catalog.jsonb_build_object(
      'from', coalesce(v_before.plan, v_before.legacy_plan), 'to', v_sub.plan,
      'period_end', private.rfc3339(v_sub.current_period_end)), null);
  end if;
  if v_sub.status <> v_before.status then
    perform private.audit(p_workspace_id, null, 'subscription.' || v_sub.status, pg_catalog.jsonb_build_object(
      'from', v_before.status, 'plan', coalesce(v_sub.plan, v_sub.legacy_plan),
      'access_until', private.rfc3339(private.access_until(v_before))), null);
  end if;
  return pg_catalog.jsonb_build_object('changed', v_sub.status <> v_before.status or v_sub.plan is distinct from v_before.plan,
    'reminded', v_moment is not null and v_sub.status <> 'expired');
end $$;
comment on function private.advance_subscription(uuid, timestamptz) is
  'Brings one subscription to what its dates say at p_now, with audit rows and the reminder that is due. The caller holds the workspace''s lock.';

create or replace function public.advance_subscriptions(p_limit integer) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid;
  v_now timestamptz;
  v_done jsonb;
  v_changed integer := 0;
  v_reminded integer := 0;
begin
  -- The workspaces' rows are the locks, as for whoever changes a plan; the audit chains follow in the order of their ids.
  for v_workspace_id in
    with due as (
      select w.id from public.subscriptions s join public.workspaces w on w.id = s.workspace_id
      where s.due_at <= pg_catalog.now()
      order by s.due_at limit least(greatest(coalesce(p_limit, 0), 0), 100)
      for no key update of w skip locked)
    select id from due order by id
  loop
    v_now := coalesce(v_now, pg_catalog.clock_timestamp());
    v_done := private.advance_subscription(v_workspace_id, v_now);
    v_changed := v_changed + (v_done ->> 'changed')::boolean::integer;
    v_reminded := v_reminded + (v_done ->> 'reminded')::boolean::integer;
  end loop;
  return pg_catalog.jsonb_build_object('changed', v_changed, 'reminded', v_reminded);
end $$;
comment on function public.advance_subscriptions(integer) is
  'The cron''s: labels and takes over what has come to its end, and writes the reminders that are due, for at most p_limit (and 100) subscriptions; answers how many. Service key only.';

revoke all on function private.subscription_label(public.subscriptions, timestamptz),
  private.billing_contact(uuid, uuid), private.reminder_keys(uuid, timestamptz),
  private.remind(public.subscriptions, integer), private.drop_reminders(),
  private.advance_subscription(uuid, timestamptz), public.advance_subscriptions(integer) from public, anon, authenticated;
grant execute on function public.advance_subscriptions(integer) to service_role;
