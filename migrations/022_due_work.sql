-- What the cron takes up: one claim for all queues, and the end of what is long done. A claim is a lease of 60 seconds:
-- a run that dies loses time, never work.

create or replace function private.claim_orders(p_limit integer) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_claimed jsonb;
begin
  with due as (
    select t.id from public.payment_transactions t
    where t.status in ('pending', 'failed', 'cancelled') and t.next_check_at <= pg_catalog.now()
      and (t.claimed_until is null or t.claimed_until < pg_catalog.now())
    order by t.next_check_at limit least(greatest(coalesce(p_limit, 0), 0), 100) for update skip locked),
  claimed as (
    update public.payment_transactions t set claimed_until = pg_catalog.now() + interval '60 seconds'
    from due where t.id = due.id returning t.*)
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'order_id', c.merchant_order_id, 'amount', c.amount, 'created_at', private.rfc3339(c.created_at),
    'checks', c.checks, 'expires_at', private.rfc3339(c.expires_at)) order by c.next_check_at, c.id), '[]')
  into v_claimed from claimed c;
  return v_claimed;
end $$;
comment on function private.claim_orders(integer) is 'Orders that are due to be asked about, pending ones and failed ones that may still be paid, at most 100.';

create or replace function private.claim_webhooks(p_limit integer) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_claimed jsonb;
begin
  with due as (
    select i.id from public.webhook_inbox i
    where i.state in ('received', 'failed') and i.next_attempt_at <= pg_catalog.now()
    order by i.next_attempt_at limit least(greatest(coalesce(p_limit, 0), 0), 100) for update skip locked),
  claimed as (
    -- A claim that dies eight times is given up, like one that fails eight times.
    update public.webhook_inbox i set
      attempts = i.attempts + 1,
      state = case when i.attempts < 7 then i.state else 'failed' end,
      next_attempt_at = case when i.attempts < 7 then pg_catalog.now() + interval '60 seconds' end
    from due where i.id = due.id returning i.*)
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'inbox_id', c.id, 'order_id', c.order_id, 'event', c.event, 'raw_base64', c.raw_base64,
    'attempts', c.attempts) order by c.id), '[]')
  into v_claimed from claimed c;
  return v_claimed;
end $$;
comment on function private.claim_webhooks(integer) is 'Webhooks that wait to be applied, at most 100.';

create or replace function private.claim_emails(p_limit integer) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_claimed jsonb;
begin
  -- Claimed eight times and never finished: whoever sends it dies of it.
  update public.email_outbox set state = 'failed', next_attempt_at = null, finished_at = pg_catalog.now(),
    last_error = coalesce(last_error, 'given up: claimed eight times and never finished'), data = data - 'token'
  where state = 'pending' and attempts >= 8 and next_attempt_at <= pg_catalog.now();
  with due as (
    select e.id from public.email_outbox e
    where e.state = 'pending' and e.next_attempt_at <= pg_catalog.now()
    order by e.next_attempt_at limit least(greatest(coalesce(p_limit, 0), 0), 100) for update skip locked),
  claimed as (
    update public.email_outbox e set attempts = e.attempts + 1, next_attempt_at = pg_catalog.now() + interval '60 seconds'
    from due where e.id = due.id returning e.*)
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'id', c.id, 'to', c.to_email, 'template', c.template, 'data', c.data, 'idempotency_key', c.idempotency_key,
    'attempts', c.attempts) order by c.id), '[]')
  into v_claimed from claimed c;
  return v_claimed;
end $$;
comment on function private.claim_emails(integer) is
  'E-mails that wait to be sent, at most 100; what was claimed eight times and never finished is given up first.';

create or replace function public.claim_due_work(
  p_orders integer, p_webhooks integer, p_emails integer, p_refunds integer default 0
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
begin
  return pg_catalog.jsonb_build_object('orders', private.claim_orders(p_orders),
    'webhooks', private.claim_webhooks(p_webhooks), 'emails', private.claim_emails(p_emails),
    'refunds', private.claim_refunds(p_refunds));
end $$;
comment on function public.claim_due_work(integer, integer, integer, integer) is
  'Orders and refunds to ask about, webhooks to apply and e-mails to send, of each as many as asked for and 100 at most, each handed out to one caller for 60 seconds. Service key only.';

create or replace function public.sweep_queues() returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_webhooks integer;
  v_emails integer;
begin
  -- A bound keeps the statement short, and is above what an hour can bring: 3,600 rejected webhooks are kept. What was
  -- given up stays, because nobody has looked at it yet.
  with old as (
    (select i.id from public.webhook_inbox i
     where i.state = 'applied' and i.finished_at < pg_catalog.now() - interval '90 days' limit 5000)
    union all
    (select i.id from public.webhook_inbox i
     where i.state = 'ignored' and i.finished_at < pg_catalog.now() - interval '90 days' limit 5000)
    union all
    (select i.id from public.webhook_inbox i
     where i.state = 'rejected' and i.finished_at < pg_catalog.now() - interval '30 days' limit 5000))
  delete from public.webhook_inbox i using old where i.id = old.id;
  get diagnostics v_webhooks = row_count;
  with old as (
    select e.id from public.email_outbox e
    where e.state = 'sent' and e.finished_at < pg_catalog.now() - interval '90 days' limit 5000)
  delete from public.email_outbox e using old where e.id = old.id;
  get diagnostics v_emails = row_count;
  return pg_catalog.jsonb_build_object('webhooks', v_webhooks, 'emails', v_emails);
end $$;
comment on function public.sweep_queues() is
  'Removes settled webhooks and sent e-mails after 90 days and rejected webhooks after 30, 5,000 of a kind at a time; answers how many. Service key only.';

revoke all on function private.claim_orders(integer), private.claim_webhooks(integer), private.claim_emails(integer),
  public.claim_due_work(integer, integer, integer, integer), public.sweep_queues() from public, anon, authenticated;
grant execute on function public.claim_due_work(integer, integer, integer, integer), public.sweep_queues() to service_role;
