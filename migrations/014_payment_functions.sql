-- What the gateway says about an order, applied exactly once.

create or replace function private.payment_incident(
  p_order_id text, p_transaction_id uuid, p_kind text, p_details jsonb
) returns void
language sql volatile set search_path = '' as $$
  insert into public.payment_incidents (order_id, transaction_id, kind, details)
  values (p_order_id, p_transaction_id, p_kind, p_details)
  on conflict (order_id, kind) where resolved_at is null
  do update set seen = payment_incidents.seen + 1, last_seen_at = pg_catalog.now(), details = excluded.details
$$;
comment on function private.payment_incident(text, uuid, text, jsonb) is
  'Opens an incident about an order, or counts a repeat of the open one.';

create or replace function private.payment_email(
  p_order public.payment_transactions, p_template text, p_about text default null, p_more jsonb default '{}'
) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_workspace public.workspaces;
  v_person public.users;
begin
  select * into v_workspace from public.workspaces where id = (p_order).workspace_id;
  if not found then
    return;
  end if;
  v_person := private.billing_contact(v_workspace.id, (p_order).created_by);
  if v_person.email is null then
    return;
  end if;
  insert into public.email_outbox (idempotency_key, to_email, template, data)
  values (p_template || '/' || coalesce(p_about, (p_order).merchant_order_id), v_person.email, p_template,
    pg_catalog.jsonb_build_object('name', v_person.full_name, 'workspace_name', v_workspace.name)
      || private.order_json(p_order) - array['redirect_url', 'checks', 'next_check_at'] || p_more)
  on conflict (idempotency_key) do nothing;
end $$;
comment on function private.payment_email(public.payment_transactions, text, text, jsonb) is
  'Puts the e-mail about an order (or about p_about, a refund of it) into the outbox, once per template; without a workspace or an address there is none.';

create or replace function private.finish_inbox(p_inbox_id bigint, p_state text, p_error text) returns boolean
language plpgsql volatile set search_path = '' as $$
begin
  -- What is applied stays applied, whoever comes later.
  update public.webhook_inbox set
    state = p_state,
    last_error = pg_catalog.left(p_error, 1000),
    finished_at = case when p_state = 'failed' then null else pg_catalog.now() end,
    next_attempt_at = case when p_state = 'failed' and attempts < 8
      then pg_catalog.now() + interval '1 minute' * pg_catalog.power(2, greatest(attempts - 1, 0)) end
  where id = p_inbox_id and state in ('received', 'failed', 'ignored');
  return found;
end $$;
comment on function private.finish_inbox(bigint, text, text) is
  'Writes down what became of a webhook; a failed one comes back after 1, 2, 4 … minutes, eight times in all.';

create or replace function private.granted_from(
  p_order public.payment_transactions, p_before public.subscriptions, p_after public.subscriptions, p_now timestamptz
) returns timestamptz
language plpgsql stable set search_path = '' as $$
declare
  v_before public.subscriptions := private.subscription_now(p_before, p_now);
  v_live boolean := coalesce(v_before.status in ('active', 'past_due', 'cancelled') and v_before.current_period_end > p_now, false);
begin
  return case
    when (p_after).plan = (p_order).plan and v_live and v_before.plan = (p_order).plan then v_before.current_period_end
    when (p_after).plan = (p_order).plan then p_now
    when v_before.next_plan = (p_order).plan then v_before.next_period_end
    else (p_after).current_period_end end;
end $$;
comment on function private.granted_from(public.payment_transactions, public.subscriptions, public.subscriptions, timestamptz) is
  'When the time that a captured order bought begins: compares the subscription before and after.';

create or replace function private.granted_time(
  p_order public.payment_transactions, p_before public.subscriptions, p_after public.subscriptions, p_now timestamptz
) returns interval
language plpgsql stable set search_path = '' as $$
declare
  -- Months differ in length, so what was bought is counted from where it was added.
  v_start timestamptz := private.granted_from(p_order, p_before, p_after, p_now);
begin
  return private.add_interval(v_start, (p_order).billing_interval,
    case when v_start <> p_now then (p_before).billing_day end) - v_start;
end $$;
comment on function private.granted_time(public.payment_transactions, public.subscriptions, public.subscriptions, timestamptz) is
  'How much time a captured order added, without what it turned from another plan.';

create or replace function public.apply_payment_event(
  p_order_id text, p_source text, p_state text, p_amount bigint, p_provider_order_id text, p_details jsonb,
  p_next_check_at timestamptz, p_inbox_id bigint, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_workspace_id uuid;
  v_owner_id uuid;
  v_order public.payment_transactions;
  v_before public.subscriptions;
  v_after public.subscriptions;
  v_now timestamptz;
  v_target text;
  v_kind text;
  v_outcome text := 'unchanged';
  v_details jsonb := coalesce(p_details, '{}');
  v_seen text := pg_catalog.left(coalesce(p_state, ''), 32);
begin
  if p_source is null or p_source not in ('webhook', 'poll', 'cron', 'person') then
    perform private.fail('PT422', 'source_unknown', 'The source must be webhook, poll, cron or person.');
  end if;
  perform private.check_object(v_details, 65536, 'details');
  -- Everything but the gateway's two final words means "not yet". Giving an order up is ours alone to say.
  v_target := case
    when p_state = 'COMPLETED' then 'completed'
    when p_state = 'FAILED' then 'failed'
    when p_state = 'CANCELLED' and p_source in ('cron', 'person') then 'cancelled'
    else 'pending' end;

  -- 1. Workspace first, order second: whoever else locks both does it in this order.
  select workspace_id into v_workspace_id from public.payment_transactions where merchant_order_id = p_order_id;
  if not found then
    if p_inbox_id is not null then
      perform private.payment_incident(pg_catalog.left(coalesce(p_order_id, ''), 64), null, 'unknown_order',
        pg_catalog.jsonb_build_object('source', p_source, 'inbox_id', p_inbox_id));
      perform private.finish_inbox(p_inbox_id, 'ignored', 'unknown_order');
    end if;
    return pg_catalog.jsonb_build_object('outcome', 'unknown_order', 'order', null);
  end if;
  select owner_id into v_owner_id from public.workspaces where id = v_workspace_id for no key update;
  select * into strict v_order from public.payment_transactions where merchant_order_id = p_order_id for update;
  v_now := pg_catalog.clock_timestamp();

  -- 2. Is it about this order, and about this much money?
  v_kind := case
    when p_provider_order_id is not null and (v_order.provider_order_id <> p_provider_order_id
      or exists (select from public.payment_transactions t
                 where t.provider_order_id = p_provider_order_id and t.id <> v_order.id)) then 'provider_order_mismatch'
    when v_target = 'completed' and p_amount is distinct from v_order.amount then 'amount_mismatch' end;
  if v_kind is not null then
    v_outcome := 'incident';
    v_details := v_details || pg_catalog.jsonb_build_object('incident', v_kind, 'amount_seen', p_amount,
      'amount_ordered', v_order.amount, 'provider_order_id_seen', p_provider_order_id);
    perform private.payment_incident(p_order_id, v_order.id, v_kind, v_details);

  -- 3. pending → completed, failed, cancelled; failed, cancelled → completed; nothing else.
  elsif (v_order.status = 'pending' and v_target <> 'pending')
     or (v_order.status in ('failed', 'cancelled') and v_target = 'completed') then
    v_outcome := 'applied';
  end if;

  update public.payment_transactions set
    status = case when v_outcome = 'applied' then v_target else status end,
    paid_at = case when v_outcome = 'applied' and v_target = 'completed' then v_now else paid_at end,
    provider_order_id = case when v_kind is null then coalesce(provider_order_id, p_provider_order_id) else provider_order_id end,
    checks = case when status = 'pending' and p_source <> 'webhook' then checks + 1 else checks end,
    next_check_at = case
      -- Only cron gives up asking, by naming no next time.
      when status = 'pending' and v_outcome <> 'applied'
        then coalesce(p_next_check_at, case when p_source <> 'cron' then next_check_at end)
      -- It may still be paid late, and that webhook may be lost: asked about after 1, 2, 4 … hours for a week.
      when v_target in ('failed', 'cancelled') and v_outcome = 'applied' or status in ('failed', 'cancelled') and v_outcome <> 'applied'
        then case when v_outcome <> 'applied' and next_check_at > v_now then next_check_at
          when v_now < created_at + interval '168 hours' then v_now + greatest(interval '1 hour', v_now - created_at) end end,
    claimed_until = null
  where id = v_order.id returning * into v_order;

  if v_outcome = 'applied' and v_target = 'completed' then
    if v_owner_id is null then
      -- Paid, and nothing left to give it to: somebody has to pay it back.
      perform private.payment_incident(p_order_id, v_order.id, 'workspace_gone', v_details);
    else
      select * into v_before from public.subscriptions where workspace_id = v_workspace_id;
      v_after := private.extend_subscription(v_workspace_id, v_order.plan, v_order.billing_interval, v_now);
      update public.payment_transactions set granted = private.granted_time(v_order, v_before, v_after, v_now)
      where id = v_order.id;
      update public.users set onboarding_status = 'payment_confirmed'
      where id = v_owner_id and onboarding_status = 'pending' and private.own_workspace(id) = v_workspace_id;
      perform private.payment_email(v_order, 'payment_confirmed', null, pg_catalog.jsonb_build_object(
        'period_start', private.rfc3339(private.granted_from(v_order, v_before, v_after, v_now)),
        'period_end', private.rfc3339(case when v_after.plan = v_order.plan
          then v_after.current_period_end else v_after.next_period_end end)));
    end if;
  elsif v_outcome = 'applied' and v_target = 'failed' then
    perform private.payment_email(v_order, 'payment_failed');
  end if;

  -- 4. News leaves a row. That nothing happened yet is no news; a final word that changes nothing is, once.
  if v_outcome = 'applied' then
    perform private.audit(v_workspace_id, null, 'payment.' || v_target, pg_catalog.jsonb_build_object(
      'order_id', p_order_id, 'plan', v_order.plan, 'interval', v_order.billing_interval, 'amount', v_order.amount,
      'source', p_source), p_request_id);
  end if;
  if v_outcome = 'applied' or (v_target <> 'pending' or v_outcome = 'incident') and not exists (
       select from public.payment_events e where e.transaction_id = v_order.id and e.state_seen = v_seen
         and e.status = v_order.status and (e.outcome = v_outcome or v_outcome = 'unchanged')
         and e.details ->> 'incident' is not distinct from v_kind) then
    insert into public.payment_events (transaction_id, source, state_seen, outcome, status, details, created_at)
    values (v_order.id, p_source, v_seen, v_outcome, v_order.status, v_details, v_now);
  end if;
  if p_inbox_id is not null then
    perform private.finish_inbox(p_inbox_id, case v_outcome when 'applied' then 'applied' else 'ignored' end, v_kind);
  end if;
  return pg_catalog.jsonb_build_object('outcome', v_outcome, 'order', private.order_json(v_order));
end $$;
comment on function public.apply_payment_event(text, text, text, bigint, text, jsonb, timestamptz, bigint, text) is
  'Applies what the gateway''s status says about an order: order, subscription, onboarding, event, audit and e-mail in one transaction, exactly once. Service key only.';

revoke all on function private.payment_incident(text, uuid, text, jsonb),
  private.payment_email(public.payment_transactions, text, text, jsonb),
  private.granted_from(public.payment_transactions, public.subscriptions, public.subscriptions, timestamptz),
  private.granted_time(public.payment_transactions, public.subscriptions, public.subscriptions, timestamptz),
  private.finish_inbox(bigint, text, text),
  public.apply_payment_event(text, text, text, bigint, text, jsonb, timestamptz, bigint, text)
  from public, anon, authenticated;
grant execute on function
  public.apply_payment_event(text, text, text, bigint, text, jsonb, timestamptz, bigint, text) to service_role;
