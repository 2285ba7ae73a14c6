-- Taking webhooks in, and writing down what became of what waited in the two queues.

create or replace function public.receive_webhook(
  p_raw_base64 text, p_headers jsonb, p_sha256 text, p_verified boolean, p_event text, p_order_id text, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_headers jsonb;
  v_id bigint;
  v_seen integer;
begin
  if p_raw_base64 is null or pg_catalog.octet_length(p_raw_base64) > 1398104
     or p_raw_base64 !~ '^[A-Za-z0-9+/]*={0,2}$' or p_sha256 is null or p_sha256 !~ '^[0-9a-f]{64}$' or p_verified is null then
    perform private.fail('PT422', 'webhook_invalid',
      'A webhook needs its raw body as base64 of at most 1 MB, the body''s SHA-256 as lower-case hex, and verified.');
  end if;
  v_headers := coalesce(p_headers, '{}');
  perform private.check_object(v_headers, 16384, 'headers');
  -- What proves the sender is a secret, and would let whoever reads the row be the sender.
  select coalesce(pg_catalog.jsonb_object_agg(e.key, e.value), '{}') into v_headers
  from pg_catalog.jsonb_each(v_headers) e
  where pg_catalog.lower(e.key) not in ('authorization', 'proxy-authorization', 'cookie', 'apikey');

  if not p_verified then
    -- The row of the minute is the lock: sixty are kept, the rest only counted.
    insert into public.webhook_rejections as r (minute, seen) values (pg_catalog.date_trunc('minute', pg_catalog.now()), 1)
    on conflict (minute) do update set seen = r.seen + 1 returning r.seen into v_seen;
    if v_seen = 1 then
      delete from public.webhook_rejections where minute < pg_catalog.now() - interval '30 days';
    end if;
    if v_seen <= 60 then
      insert into public.webhook_inbox (raw_base64, headers, sha256, verified, event, order_id, state, finished_at)
      values (pg_catalog.left(p_raw_base64, 16384), v_headers, p_sha256, false, pg_catalog.left(p_event, 100),
              pg_catalog.left(p_order_id, 64), 'rejected', pg_catalog.now())
      returning id into v_id;
      perform private.audit(null, null, 'webhook.rejected', pg_catalog.jsonb_build_object('inbox_id', v_id), p_request_id);
    end if;
    return pg_catalog.jsonb_build_object('inbox_id', v_id, 'duplicate', false, 'stored', v_id is not null);
  end if;

  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('gatehouse.webhook:' || p_sha256, 0));
  select i.id into v_id from public.webhook_inbox i
  where i.sha256 = p_sha256 and i.verified
    and (i.state = 'applied' or i.created_at > pg_catalog.clock_timestamp() - interval '1 day')
  order by i.id desc limit 1;
  if found then
    -- Sent again after we failed: a reason to try again at once.
    update public.webhook_inbox set next_attempt_at = pg_catalog.now() where id = v_id and state = 'failed';
    return pg_catalog.jsonb_build_object('inbox_id', v_id, 'duplicate', true, 'stored', false);
  end if;
  -- Whoever received it applies it right after the answer; the queue is for when that did not happen.
  insert into public.webhook_inbox (raw_base64, headers, sha256, verified, event, order_id, state, next_attempt_at)
  values (p_raw_base64, v_headers, p_sha256, true, pg_catalog.left(p_event, 100), pg_catalog.left(p_order_id, 64),
          'received', pg_catalog.now() + interval '60 seconds')
  returning id into v_id;
  perform private.audit(null, null, 'webhook.received',
    pg_catalog.jsonb_build_object('inbox_id', v_id, 'event', pg_catalog.left(p_event, 100)), p_request_id);
  return pg_catalog.jsonb_build_object('inbox_id', v_id, 'duplicate', false, 'stored', true);
end $$;
comment on function public.receive_webhook(text, jsonb, text, boolean, text, text, text) is
  'Keeps a webhook as it came. The same body is kept once a day, and not again while it is here as applied; of unverified ones 60 a minute. Service key only.';

create or replace function public.finish_webhook(p_inbox_id bigint, p_state text, p_error text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_changed boolean;
begin
  if p_state is null or p_state not in ('applied', 'ignored', 'failed') then
    perform private.fail('PT422', 'state_unknown', 'A webhook finishes as applied, ignored or failed.');
  end if;
  v_changed := private.finish_inbox(p_inbox_id, p_state, p_error);
  if not v_changed and not exists (select from public.webhook_inbox where id = p_inbox_id) then
    perform private.fail('PT404', 'webhook_not_found', 'There is no such webhook.');
  end if;
  return pg_catalog.jsonb_build_object('changed', v_changed);
end $$;
comment on function public.finish_webhook(bigint, text, text) is
  'Writes down what became of a webhook. An applied or rejected one stays what it is. Service key only.';

create or replace function public.finish_email(p_id bigint, p_sent boolean, p_provider_id text, p_error text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_state text;
begin
  if p_sent is null then
    perform private.fail('PT422', 'state_unknown', 'Say whether the e-mail was sent.');
  end if;
  update public.email_outbox set
    state = case when p_sent then 'sent' when attempts >= 8 then 'failed' else 'pending' end,
    provider_id = case when p_sent then p_provider_id end,
    last_error = case when p_sent then last_error else pg_catalog.left(p_error, 1000) end,
    finished_at = case when p_sent or attempts >= 8 then pg_catalog.now() end,
    -- A link's secret is worth keeping only as long as it is still to be sent.
    data = case when p_sent or attempts >= 8 then data - 'token' else data end,
    next_attempt_at = case when not p_sent and attempts < 8
      then pg_catalog.now() + interval '1 minute' * pg_catalog.power(2, greatest(attempts - 1, 0)) end
  -- Sent is sent, also when it had been given up.
  where id = p_id and (state = 'pending' or p_sent and state = 'failed')
  returning state into v_state;
  if not found then
    select state into v_state from public.email_outbox where id = p_id;
    if not found then
      perform private.fail('PT404', 'email_not_found', 'There is no such e-mail.');
    end if;
  end if;
  return pg_catalog.jsonb_build_object('state', v_state);
end $$;
comment on function public.finish_email(bigint, boolean, text, text) is
  'Writes down whether an e-mail went out; otherwise it comes back after 1, 2, 4 … minutes, eight times in all. Service key only.';

revoke all on function public.receive_webhook(text, jsonb, text, boolean, text, text, text),
  public.finish_webhook(bigint, text, text), public.finish_email(bigint, boolean, text, text) from public, anon, authenticated;
grant execute on function public.receive_webhook(text, jsonb, text, boolean, text, text, text),
  public.finish_webhook(bigint, text, text), public.finish_email(bigint, boolean, text, text) to service_role;
