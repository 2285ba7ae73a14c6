-- What operators see and do: a stored webhook replayed, the queues in numbers, and what must never be.

create index if not exists webhook_inbox_order_id_id_idx on public.webhook_inbox (order_id, id);
create index if not exists webhook_inbox_given_up_idx
  on public.webhook_inbox (created_at) where state = 'failed' and next_attempt_at is null;
create index if not exists email_outbox_given_up_idx on public.email_outbox (created_at) where state = 'failed';
create index if not exists payment_transactions_pending_idx
  on public.payment_transactions (created_at) where status = 'pending';
create index if not exists payment_incidents_open_kind_idx
  on public.payment_incidents (kind, created_at) where resolved_at is null;

-- ------------------------------------------------------------------------------------------------ the time machine

create or replace function public.find_webhook(p_about text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_row public.webhook_inbox;
begin
  if p_about ~ '^[0-9]{1,18}$' then
    select * into v_row from public.webhook_inbox where id = p_about::bigint;
  else
    select * into v_row from public.webhook_inbox
    where order_id = p_about and state <> 'rejected' order by id desc limit 1;
  end if;
  if v_row.id is null then
    perform private.fail('PT404', 'webhook_not_found', 'No webhook with this inbox id, or about this order or refund, is stored.');
  end if;
  return pg_catalog.jsonb_build_object('inbox_id', v_row.id, 'raw_base64', v_row.raw_base64, 'verified', v_row.verified,
    'state', v_row.state, 'attempts', v_row.attempts, 'received_at', private.rfc3339(v_row.created_at));
end $$;
comment on function public.find_webhook(text) is
  'A stored webhook by its inbox id, or the newest one about an order or refund, with its body as it came. Service key only.';

create or replace function private.order_about(p_about text) returns public.payment_transactions
language sql stable set search_path = '' as $$
  select t from public.payment_transactions t
  where t.merchant_order_id = p_about
     or t.id = (select r.transaction_id from public.refunds r where r.merchant_refund_id = p_about)
$$;
comment on function private.order_about(text) is 'The order that an order or refund id of ours names.';

create or replace function private.replay_view(p_inbox_id bigint, p_about text, p_email_id bigint) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_order public.payment_transactions;
begin
  v_order := private.order_about(p_about);
  return pg_catalog.jsonb_build_object(
    'webhook', (select pg_catalog.jsonb_build_object('state', i.state, 'last_error', i.last_error)
                from public.webhook_inbox i where i.id = p_inbox_id),
    'order', (select pg_catalog.jsonb_build_object('status', v_order.status, 'paid_at', private.rfc3339(v_order.paid_at),
                'provider_order_id', v_order.provider_order_id, 'granted', v_order.granted)
              where v_order.id is not null),
    'subscription', (select pg_catalog.to_jsonb(s) - array['id', 'workspace_id', 'created_at', 'updated_at']
                       || pg_catalog.jsonb_build_object('access_until', private.access_until(s))
                     from public.subscriptions s where s.workspace_id = v_order.workspace_id),
    'onboarding_status', (select u.onboarding_status from public.workspaces w join public.users u on u.id = w.owner_id
                          where w.id = v_order.workspace_id),
    'refunds', (select coalesce(pg_catalog.jsonb_object_agg(r.merchant_refund_id, r.status), '{}')
                from public.refunds r where r.transaction_id = v_order.id),
    'events', (select pg_catalog.count(*) from public.payment_events e where e.transaction_id = v_order.id),
    'incidents', (select coalesce(pg_catalog.jsonb_object_agg(p.kind, p.seen), '{}') from public.payment_incidents p
                  where p.order_id in (p_about, v_order.merchant_order_id) and p.resolved_at is null),
    -- Keys alone: they name template and order, never a person.
    'emails', (select coalesce(pg_catalog.jsonb_agg(e.idempotency_key order by e.id), '[]') from public.email_outbox e
               where e.id > p_email_id and e.idempotency_key like '%/' || p_about));
end $$;
comment on function private.replay_view(bigint, text, bigint) is
  'What a webhook about an order or refund can change, as it stands; of e-mails those above an id. Without personal data.';

create or replace function public.replay_webhook(
  p_inbox_id bigint, p_about text, p_answer jsonb, p_apply boolean, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row public.webhook_inbox;
  v_email_id bigint;
  v_before jsonb;
  v_after jsonb;
  v_outcome text;
  v_settle bigint;
begin
  select * into v_row from public.webhook_inbox where id = p_inbox_id;
  if not found or v_row.order_id is distinct from p_about then
    perform private.fail('PT404', 'webhook_not_found', 'There is no such webhook about this order or refund.');
  end if;
  if not v_row.verified then
    perform private.fail('PT409', 'webhook_not_verified', 'This webhook did not prove that it comes from the gateway, so it is never applied.');
  end if;
  select coalesce(max(e.id), 0) into v_email_id from public.email_outbox e;
  -- A settled webhook stays as it is; only one that still waits, or was given up, is settled by this.
  v_settle := case when v_row.state in ('received', 'failed') then p_inbox_id end;
  v_before := private.replay_view(p_inbox_id, p_about, v_email_id);
  begin
    -- The very functions that webhook and cron call: what a dry run shows is what they do.
    v_outcome := case when p_answer ->> 'kind' = 'refund' then
      public.apply_refund_event(p_about, 'webhook', p_answer ->> 'state', (p_answer ->> 'amount')::bigint,
        p_answer ->> 'provider_id', p_answer -> 'details', null, v_settle, p_request_id) ->> 'outcome'
    else
      public.apply_payment_event(p_about, 'webhook', p_answer ->> 'state', (p_answer ->> 'amount')::bigint,
        p_answer ->> 'provider_id', p_answer -> 'details', (p_answer ->> 'next_check_at')::timestamptz, v_settle, p_request_id)
        ->> 'outcome'
    end;
    v_after := private.replay_view(p_inbox_id, p_about, v_email_id);
    if p_apply is not true or v_after = v_before then
      -- Undoes everything since the begin above; what the variables hold stays.
      raise exception using errcode = 'PTRPL';
    end if;
    perform private.audit((private.order_about(p_about)).workspace_id, null, 'webhook.applied', pg_catalog.jsonb_build_object(
      'inbox_id', p_inbox_id, 'about', p_about, 'outcome', v_outcome, 'by', 'operator'), p_request_id);
  exception when sqlstate 'PTRPL' then
    null;
  end;
  return pg_catalog.jsonb_build_object('outcome', v_outcome, 'before', v_before, 'after', v_after,
    'applied', p_apply is true and v_after <> v_before);
end $$;
comment on function public.replay_webhook(bigint, text, jsonb, boolean, text) is
  'Applies what the gateway says about a stored webhook''s order or refund, as webhook and cron do, and answers what was before and after. Without p_apply, or when nothing would change, all of it is undone. Service key only.';

-- ------------------------------------------------------------------------------------------------ what must never be

create table if not exists private.invariants (
  name text primary key,
  violations bigint not null,
  checked_at timestamptz not null
);
comment on table private.invariants is 'How many rows broke each rule when check_invariants() last looked.';

create or replace function public.check_invariants() returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_found jsonb;
begin
  select pg_catalog.jsonb_build_object(
    'completed_without_grant', (select count(*) from public.payment_transactions t
      where t.status = 'completed' and t.paid_at is not null and t.workspace_id is not null and t.granted is null),
    'completed_without_event', (select count(*) from public.payment_transactions t
      where t.status = 'completed' and t.paid_at is not null and not exists (select from public.payment_events e
        where e.transaction_id = t.id and e.outcome = 'applied' and e.status = 'completed')),
    'refunded_over_capture', (select count(*) from (
      select r.transaction_id from public.refunds r join public.payment_transactions t on t.id = r.transaction_id
      where r.status in ('pending', 'completed') group by r.transaction_id, t.amount having sum(r.amount) > t.amount) as over),
    'refunded_without_refunds', (select count(*) from public.payment_transactions t
      where t.status = 'refunded' and t.paid_at is not null and t.amount <> (
        select coalesce(sum(r.amount), 0) from public.refunds r where r.transaction_id = t.id and r.status = 'completed')),
    'open_orders_doubled', (select count(*) from (
      select from public.payment_transactions t
      where t.status = 'pending' and t.expires_at > pg_catalog.now() + interval '60 seconds'
      group by t.workspace_id, t.plan, t.billing_interval, t.amount having count(*) > 1) as doubled),
    'pending_never_asked', (select count(*) from public.payment_transactions t
      where t.status = 'pending' and t.next_check_at is null and t.payment_gateway = 'phonepe' and t.created_by is not null),
    'manifest_versions_with_gaps', (select count(*) from (
      select m.workspace_id from public.business_context_manifests m
      group by m.workspace_id having max(m.version) <> count(*)) as gaps),
    'audit_chains_cut', (select count(*) from private.audit_heads h
      where h.seq > 0 and not exists (select from public.audit_log a
        where a.chain = h.chain and a.seq = h.seq and a.hash = h.hash)))
  into v_found;
  insert into private.invariants as i (name, violations, checked_at)
  select f.key, f.value::bigint, pg_catalog.now() from pg_catalog.jsonb_each_text(v_found) f
  on conflict (name) do update set violations = excluded.violations, checked_at = excluded.checked_at;
  return v_found;
end $$;
comment on function public.check_invariants() is
  'Counts, for each rule about money, versions and the audit log, the rows that break it; every count must be zero. Reads whole tables: once an hour. Service key only.';

-- ------------------------------------------------------------------------------------------------ the queues in numbers

create or replace function public.read_gauges() returns jsonb
language sql stable security definer set search_path = '' as $$
  with gauges (name, label, rows, oldest) as (
    select 'orders_pending', null, count(*), min(t.created_at)
    from public.payment_transactions t where t.status = 'pending'
    union all
    -- As core/src/payment/poll.rs has it: two minutes after its page has closed.
    select 'orders_needing_attention', null, count(*), min(coalesce(t.expires_at, t.created_at) + interval '2 minutes')
    from public.payment_transactions t
    where t.status = 'pending' and coalesce(t.expires_at, t.created_at) + interval '2 minutes' <= pg_catalog.now()
    union all
    select 'webhooks_waiting', null, count(*), min(i.created_at)
    from public.webhook_inbox i where i.state in ('received', 'failed') and i.next_attempt_at is not null
    union all
    select 'webhooks_given_up', null, count(*), min(i.created_at)
    from public.webhook_inbox i where i.state = 'failed' and i.next_attempt_at is null
    union all
    select 'emails_waiting', null, count(*), min(e.created_at) from public.email_outbox e where e.state = 'pending'
    union all
    select 'emails_given_up', null, count(*), min(e.created_at) from public.email_outbox e where e.state = 'failed'
    union all
    select 'refunds_pending', null, count(*), min(r.created_at) from public.refunds r where r.status = 'pending'
    union all
    select 'incidents_open', p.kind, count(*), min(p.created_at)
    from public.payment_incidents p where p.resolved_at is null group by p.kind
    union all
    select 'sources_changed', null, count(*), min(c.source_changed_at)
    from public.workspace_context c where c.source_changed_at is not null
    union all
    select 'invariant_violations', i.name, i.violations, i.checked_at from private.invariants i
  )
  select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('name', g.name, 'label', g.label, 'rows', g.rows,
    'age_s', case when g.oldest is not null
      then greatest(0, pg_catalog.floor(extract(epoch from pg_catalog.now() - g.oldest))) end) order by g.name, g.label)
  from gauges g
$$;
comment on function public.read_gauges() is
  'How much stands in each queue and how long the oldest of it has, in seconds; of invariants, how long ago they were checked. Service key only.';

create or replace function public.ping() returns boolean
language sql stable set search_path = '' as $$ select true $$;
comment on function public.ping() is 'Answers, which says that the database does. Service key only.';

revoke all on function public.ping(), public.find_webhook(text), private.order_about(text), private.replay_view(bigint, text, bigint),
  public.replay_webhook(bigint, text, jsonb, boolean, text), public.check_invariants(), public.read_gauges()
  from public, anon, authenticated;
grant execute on function public.ping(), public.find_webhook(text), public.replay_webhook(bigint, text, jsonb, boolean, text),
  public.check_invariants(), public.read_gauges() to service_role;
