-- Money that goes back: what was asked for, what came of it, and the whole story of an order.

create table if not exists public.refunds (
  id uuid primary key default gen_random_uuid(),
  transaction_id uuid not null
    constraint refunds_transaction_id_fkey references public.payment_transactions (id),
  -- 34 characters: the gateway's older generation takes no more.
  merchant_refund_id text not null default 'GR' || replace(gen_random_uuid()::text, '-', '')
    constraint refunds_merchant_refund_id_key unique,
  amount bigint not null constraint refunds_amount_check check (amount >= 100),
  status text not null default 'pending'
    constraint refunds_status_check check (status in ('pending', 'completed', 'failed')),
  requested_by uuid not null,
  requested_as text not null
    constraint refunds_requested_as_check check (requested_as in ('owner', 'support')),
  reason text not null,
  idempotency_key text not null,
  provider_refund_id text,
  next_check_at timestamptz,
  checks integer not null default 0,
  claimed_until timestamptz,
  finished_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists refunds_transaction_id_idx on public.refunds (transaction_id);
create unique index if not exists refunds_requested_by_idempotency_key_idx
  on public.refunds (requested_by, idempotency_key);
create unique index if not exists refunds_provider_refund_id_idx
  on public.refunds (provider_refund_id) where provider_refund_id is not null;
create index if not exists refunds_due_idx
  on public.refunds (next_check_at) where status = 'pending' and next_check_at is not null;
create index if not exists refunds_pending_idx on public.refunds (created_at) where status = 'pending';
comment on table public.refunds is
  'Money going back, in whole paise. What is pending or completed counts against the captured amount; what failed does not.';
comment on column public.refunds.merchant_refund_id is 'Our id of the refund at the gateway, and its id in the API.';
comment on column public.refunds.requested_by is 'Auth user id of the owner or of the support person who asked.';
comment on column public.refunds.claimed_until is 'Until when one cron run has the refund to itself.';
create or replace trigger touch_updated_at before update on public.refunds
  for each row execute function private.touch_updated_at();
select private.reset_access('public.refunds');
grant select on public.refunds to authenticated, service_role;
create policy "Owners and admins see the refunds of their workspaces" on public.refunds
  for select to authenticated using (transaction_id = any (array(
    select t.id from public.payment_transactions t
    where t.workspace_id = any (array(select private.my_workspace_ids('{owner,admin}'))))));

create or replace function private.refund_json(p_refund public.refunds, p_order_id text) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object(
    'refund_id', (p_refund).merchant_refund_id, 'order_id', p_order_id, 'amount', (p_refund).amount,
    'status', (p_refund).status, 'requested_as', (p_refund).requested_as, 'reason', (p_refund).reason,
    'provider_refund_id', (p_refund).provider_refund_id, 'created_at', private.rfc3339((p_refund).created_at),
    'next_check_at', private.rfc3339((p_refund).next_check_at), 'finished_at', private.rfc3339((p_refund).finished_at))
$$;
comment on function private.refund_json(public.refunds, text) is 'A refund as the API shows it.';

create or replace function private.make_refund(
  p_order_id text, p_amount bigint, p_actor uuid, p_as text, p_reason text, p_idempotency_key text, p_request_id text
) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_order public.payment_transactions;
  v_refund public.refunds;
  v_left bigint;
  v_amount bigint;
  v_reason text := pg_catalog.btrim(coalesce(p_reason, ''));
  v_now timestamptz;
begin
  if p_idempotency_key is null or p_idempotency_key !~ '^[!-~]{1,255}$' then
    perform private.fail('PT422', 'idempotency_key_invalid',
      'The idempotency key must be 1 to 255 visible ASCII characters without spaces.');
  end if;
  if pg_catalog.char_length(v_reason) not between 1 and 500 then
    perform private.fail('PT422', 'refund_reason_invalid', 'Say in 1 to 500 characters why the money goes back.');
  end if;

  -- 1. Workspace first, order second, as whatever applies an answer of the gateway does.
  perform from public.workspaces w
  where w.id = (select workspace_id from public.payment_transactions where merchant_order_id = p_order_id)
  for no key update;
  select * into strict v_order from public.payment_transactions where merchant_order_id = p_order_id for update;
  v_now := pg_catalog.clock_timestamp();

  -- 2. One key names one refund, for ever.
  select * into v_refund from public.refunds where requested_by = p_actor and idempotency_key = p_idempotency_key;
  if found then
    if v_refund.transaction_id <> v_order.id or p_amount <> v_refund.amount then
      perform private.fail('PT422', 'idempotency_key_reused',
        'This idempotency key belongs to another refund; use a new key for a new refund.');
    end if;
    return private.refund_json(v_refund, p_order_id) || '{"created": false}';
  end if;

  -- 3. What is left of the money. What is on its way back counts as gone.
  if v_order.status <> 'completed' then
    perform private.fail('PT409', 'order_not_refundable', 'Only a paid order can be refunded; this one is ' || v_order.status || '.');
  end if;
  select v_order.amount - coalesce(pg_catalog.sum(r.amount), 0) into v_left from public.refunds r
  where r.transaction_id = v_order.id and r.status in ('pending', 'completed');
  if v_left <= 0 then
    perform private.fail('PT409', 'order_not_refundable', 'All of this order''s money is on its way back or has gone back.');
  end if;
  v_amount := coalesce(p_amount, v_left);
  -- The gateway pays back no less than 100 paise, so no smaller rest may stay behind.
  if v_amount < 100 or v_amount > v_left or v_left - v_amount between 1 and 99 then
    perform private.fail('PT422', 'refund_amount_invalid', 'Refund at least 100 paise and at most the '
      || v_left::text || ' that are left, and leave nothing or at least 100.');
  end if;
  if p_as = 'owner' and v_amount <> v_left then
    perform private.fail('PT422', 'refund_amount_invalid',
      'An owner refunds an order in full; for a part of it write to support.');
  end if;
  if p_as = 'owner' and coalesce(v_order.paid_at < v_now - interval '168 hours', true) then
    perform private.fail('PT409', 'refund_window_over',
      'An order can be refunded for 7 days after it was paid; write to support.');
  end if;

  -- 4. The first check is set already: a caller who dies before the gateway is asked leaves it to cron.
  insert into public.refunds
    (transaction_id, amount, requested_by, requested_as, reason, idempotency_key, created_at, next_check_at)
  values (v_order.id, v_amount, p_actor, p_as, v_reason, p_idempotency_key, v_now, v_now + interval '1 minute')
  on conflict (requested_by, idempotency_key) do nothing
  returning * into v_refund;
  if not found then
    perform private.fail('PT422', 'idempotency_key_reused',
      'This idempotency key belongs to another refund; use a new key for a new refund.');
  end if;
  insert into public.payment_events (transaction_id, source, state_seen, outcome, status, details, created_at)
  values (v_order.id, 'person', 'REFUND_REQUESTED', 'created', v_order.status, pg_catalog.jsonb_build_object(
    'refund_id', v_refund.merchant_refund_id, 'amount', v_amount, 'requested_as', p_as), v_now);
  perform private.audit(v_order.workspace_id, p_actor, 'payment.refund_requested', pg_catalog.jsonb_build_object(
    'order_id', p_order_id, 'refund_id', v_refund.merchant_refund_id, 'amount', v_amount, 'requested_as', p_as,
    'reason', v_reason), p_request_id);
  return private.refund_json(v_refund, p_order_id) || '{"created": true}';
end $$;
comment on function private.make_refund(text, bigint, uuid, text, text, text, text) is
  'Writes a refund down under the order''s lock, or answers with the one of the key. The caller has checked who asks, and that there is such an order.';

create or replace function public.request_refund(
  p_order_id text, p_amount bigint, p_reason text, p_idempotency_key text, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select workspace_id into v_workspace_id from public.payment_transactions
  where merchant_order_id = p_order_id and workspace_id in (select private.my_workspace_ids('{owner,admin,member}'));
  if not found then
    perform private.fail('PT404', 'order_not_found', 'There is no such order, or it belongs to a workspace that is not yours.');
  end if;
  if v_workspace_id not in (select private.my_workspace_ids('{owner}')) then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner may ask for money back.');
  end if;
  return private.make_refund(p_order_id, p_amount, auth.uid(), 'owner', p_reason, p_idempotency_key, p_request_id);
end $$;
comment on function public.request_refund(text, bigint, text, text, text) is
  'Asks for an order''s money back: owners, in full, for 7 days after it was paid. No amount means all that is left.';

create or replace function public.request_refund_as_support(
  p_order_id text, p_amount bigint, p_actor uuid, p_reason text, p_idempotency_key text, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_actor is null then
    perform private.fail('PT422', 'actor_missing', 'Say which support person asks.');
  end if;
  if not exists (select from public.payment_transactions where merchant_order_id = p_order_id) then
    perform private.fail('PT404', 'order_not_found', 'There is no such order.');
  end if;
  return private.make_refund(p_order_id, p_amount, p_actor, 'support', p_reason, p_idempotency_key, p_request_id);
end $$;
comment on function public.request_refund_as_support(text, bigint, uuid, text, text, text) is
  'Asks for any part of any order''s money back, in the name of a support person. The caller has checked that they are one. Service key only.';

create or replace function private.take_back(p_order public.payment_transactions, p_now timestamptz) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_sub public.subscriptions;
  v_time interval := coalesce((p_order).granted,
    private.add_interval((p_order).paid_at, (p_order).billing_interval) - (p_order).paid_at);
  v_end timestamptz;
begin
  select * into v_sub from public.subscriptions where workspace_id = (p_order).workspace_id for update;
  if not found or v_sub.current_period_end is null or v_time is null then
    return;
  end if;
  v_sub := private.subscription_now(v_sub, p_now);
  if v_sub.next_plan is not null and v_sub.plan is distinct from (p_order).plan then
    -- It bought what is to follow, or was turned into it.
    v_sub.next_period_end := v_sub.next_period_end - private.convert_time(
      v_time, (p_order).plan, (p_order).billing_interval, v_sub.next_plan, v_sub.next_interval);
    if v_sub.next_period_end <= v_sub.current_period_end then
      v_sub.next_plan := null;
      v_sub.next_interval := null;
      v_sub.next_period_end := null;
    end if;
  elsif v_sub.current_period_end > p_now then
    v_end := greatest(p_now, v_sub.current_period_end - private.convert_time(
      v_time, (p_order).plan, (p_order).billing_interval, v_sub.plan, v_sub.billing_interval));
    v_sub.next_period_end := v_sub.next_period_end - (v_sub.current_period_end - v_end);
    v_sub.current_period_end := v_end;
  end if;
  v_sub := private.subscription_now(v_sub, p_now);
  if v_sub.current_period_end <= p_now then
    -- Nothing is left, and a refund leaves no grace.
    v_sub.status := 'expired';
    v_sub.grace_period_end := null;
  end if;
  update public.subscriptions set
    plan = v_sub.plan, legacy_plan = v_sub.legacy_plan, billing_interval = v_sub.billing_interval,
    status = v_sub.status, grace_period_end = v_sub.grace_period_end,
    current_period_start = v_sub.current_period_start, current_period_end = v_sub.current_period_end,
    next_plan = v_sub.next_plan, next_interval = v_sub.next_interval, next_period_end = v_sub.next_period_end
  where id = v_sub.id;
end $$;
comment on function private.take_back(public.payment_transactions, timestamptz) is
  'Takes the time that an order bought off the end of the subscription, as time of the plan that has it now; with nothing left it ends at once. The caller holds the workspace''s lock.';

create or replace function public.apply_refund_event(
  p_refund_id text, p_source text, p_state text, p_amount bigint, p_provider_refund_id text, p_details jsonb,
  p_next_check_at timestamptz, p_inbox_id bigint, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_order public.payment_transactions;
  v_refund public.refunds;
  v_target text := case p_state when 'COMPLETED' then 'completed' when 'FAILED' then 'failed' else 'pending' end;
  v_outcome text := 'unchanged';
  v_mismatch boolean;
  v_details jsonb := coalesce(p_details, '{}');
  v_now timestamptz;
begin
  if p_source is null or p_source not in ('webhook', 'poll', 'cron', 'person') then
    perform private.fail('PT422', 'source_unknown', 'The source must be webhook, poll, cron or person.');
  end if;
  perform private.check_object(v_details, 65536, 'details');

  -- 1. Workspace, order, refund: always in this order.
  select t.* into v_order from public.refunds r join public.payment_transactions t on t.id = r.transaction_id
  where r.merchant_refund_id = p_refund_id;
  if not found then
    if p_inbox_id is not null then
      -- Somebody may have paid money back at the gateway itself, without us.
      perform private.payment_incident(pg_catalog.left(coalesce(p_refund_id, ''), 64), null, 'unknown_refund',
        pg_catalog.jsonb_build_object('source', p_source, 'inbox_id', p_inbox_id));
      perform private.finish_inbox(p_inbox_id, 'ignored', 'unknown_refund');
    end if;
    return pg_catalog.jsonb_build_object('outcome', 'unknown_refund', 'refund', null);
  end if;
  perform from public.workspaces where id = v_order.workspace_id for no key update;
  select * into strict v_order from public.payment_transactions where id = v_order.id for update;
  select * into strict v_refund from public.refunds where merchant_refund_id = p_refund_id for update;
  v_now := pg_catalog.clock_timestamp();

  -- 2. Is it about this refund, and about this much money?
  v_mismatch := coalesce(v_refund.provider_refund_id <> p_provider_refund_id, false)
    or exists (select from public.refunds r where r.provider_refund_id = p_provider_refund_id and r.id <> v_refund.id)
    or v_target = 'completed' and p_amount is distinct from v_refund.amount;
  if v_mismatch then
    v_outcome := 'incident';
    v_details := v_details || pg_catalog.jsonb_build_object('incident', 'refund_mismatch', 'amount_seen', p_amount,
      'amount_asked', v_refund.amount, 'provider_refund_id_seen', p_provider_refund_id);
    perform private.payment_incident(v_order.merchant_order_id, v_order.id, 'refund_mismatch',
      v_details || pg_catalog.jsonb_build_object('refund_id', p_refund_id));
  -- 3. pending → completed, failed; nothing else.
  elsif v_refund.status = 'pending' and v_target <> 'pending' then
    v_outcome := 'applied';
  end if;

  update public.refunds set
    status = case when v_outcome = 'applied' then v_target else status end,
    finished_at = case when v_outcome = 'applied' then v_now else finished_at end,
    provider_refund_id = case when v_mismatch then provider_refund_id else coalesce(provider_refund_id, p_provider_refund_id) end,
    checks = case when status = 'pending' and p_source in ('poll', 'cron') then checks + 1 else checks end,
    next_check_at = case when status = 'pending' and v_outcome <> 'applied' then coalesce(p_next_check_at, next_check_at) end,
    claimed_until = null
  where id = v_refund.id returning * into v_refund;

  -- 4. All the money is back: the order is refunded and what it bought is taken back.
  if v_outcome = 'applied' and v_target = 'completed' then
    if v_order.status = 'completed' and v_order.amount = (
         select pg_catalog.sum(r.amount) from public.refunds r where r.transaction_id = v_order.id and r.status = 'completed') then
      update public.payment_transactions set status = 'refunded' where id = v_order.id returning * into v_order;
      perform private.take_back(v_order, v_now);
    end if;
    perform private.payment_email(v_order, 'refund_completed', p_refund_id,
      pg_catalog.jsonb_build_object('refund_id', p_refund_id, 'refunded', v_refund.amount));
  end if;

  -- 5. News leaves a row, a repeated incident only one.
  if v_outcome = 'applied' then
    perform private.audit(v_order.workspace_id, null,
      case v_target when 'completed' then 'payment.refund_completed' else 'payment.refund_failed' end, pg_catalog.jsonb_build_object(
      'order_id', v_order.merchant_order_id, 'refund_id', p_refund_id, 'amount', v_refund.amount, 'source', p_source), p_request_id);
  end if;
  if v_outcome = 'applied' or v_outcome = 'incident' and not exists (
       select from public.payment_events e where e.transaction_id = v_order.id and e.outcome = 'incident'
         and e.details ->> 'refund_id' = p_refund_id and e.details ->> 'incident' = 'refund_mismatch') then
    insert into public.payment_events (transaction_id, source, state_seen, outcome, status, details, created_at)
    values (v_order.id, p_source, 'REFUND_' || pg_catalog.upper(v_target), v_outcome, v_order.status,
      v_details || pg_catalog.jsonb_build_object('refund_id', p_refund_id, 'amount', v_refund.amount), v_now);
  end if;
  if p_inbox_id is not null then
    perform private.finish_inbox(p_inbox_id, case v_outcome when 'applied' then 'applied' else 'ignored' end,
      case when v_mismatch then 'refund_mismatch' end);
  end if;
  return pg_catalog.jsonb_build_object('outcome', v_outcome, 'refund', private.refund_json(v_refund, v_order.merchant_order_id));
end $$;
comment on function public.apply_refund_event(text, text, text, bigint, text, jsonb, timestamptz, bigint, text) is
  'Applies what the gateway says about a refund: refund, order, subscription, event, audit and e-mail in one transaction, exactly once. Service key only.';

create or replace function private.claim_refunds(p_limit integer) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_claimed jsonb;
begin
  with due as (
    select r.id from public.refunds r
    where r.status = 'pending' and r.next_check_at <= pg_catalog.now()
      and (r.claimed_until is null or r.claimed_until < pg_catalog.now())
    order by r.next_check_at limit least(greatest(coalesce(p_limit, 0), 0), 100) for update skip locked),
  claimed as (
    update public.refunds r set claimed_until = pg_catalog.now() + interval '60 seconds'
    from due where r.id = due.id returning r as refund, r.transaction_id)
  select coalesce(pg_catalog.jsonb_agg(
    private.refund_json(c.refund, t.merchant_order_id) order by (c.refund).next_check_at, (c.refund).id), '[]')
  into v_claimed from claimed c join public.payment_transactions t on t.id = c.transaction_id;
  return v_claimed;
end $$;
comment on function private.claim_refunds(integer) is 'Pending refunds that are due to be asked about, at most 100.';

create or replace function public.read_timeline(p_order_id text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_order public.payment_transactions;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select * into v_order from public.payment_transactions
  where merchant_order_id = p_order_id and workspace_id in (select private.my_workspace_ids('{owner,admin,member}'));
  if not found then
    perform private.fail('PT404', 'order_not_found', 'There is no such order, or it belongs to a workspace that is not yours.');
  end if;
  return pg_catalog.jsonb_build_object(
    'order', private.order_json(v_order),
    'events', (select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'at', private.rfc3339(e.created_at), 'source', e.source, 'state_seen', e.state_seen, 'outcome', e.outcome,
        'status', e.status, 'incident', e.details ->> 'incident', 'error_code', e.details ->> 'error_code',
        'amount', e.details -> 'amount', 'requested_as', e.details ->> 'requested_as') order by e.id), '[]')
      from public.payment_events e where e.transaction_id = v_order.id),
    'refunds', (select coalesce(pg_catalog.jsonb_agg(private.refund_json(r, p_order_id) order by r.created_at, r.id), '[]')
      from public.refunds r where r.transaction_id = v_order.id));
end $$;
comment on function public.read_timeline(text) is
  'Everything that happened to one order of a workspace of the caller''s; any member.';

revoke all on function private.refund_json(public.refunds, text),
  private.make_refund(text, bigint, uuid, text, text, text, text),
  private.take_back(public.payment_transactions, timestamptz),
  public.request_refund(text, bigint, text, text, text),
  public.request_refund_as_support(text, bigint, uuid, text, text, text),
  public.apply_refund_event(text, text, text, bigint, text, jsonb, timestamptz, bigint, text),
  private.claim_refunds(integer), public.read_timeline(text) from public, anon, authenticated;
grant execute on function public.request_refund(text, bigint, text, text, text), public.read_timeline(text) to authenticated;
grant execute on function public.request_refund_as_support(text, bigint, uuid, text, text, text),
  public.apply_refund_event(text, text, text, bigint, text, jsonb, timestamptz, bigint, text) to service_role;
