-- What was done, by whom, on an append-only record whose rows prove each other: every row carries the hash of the one
-- before it. A workspace has a chain of its own; what belongs to no workspace goes on the chain 'system'.
--
-- Appending locks the head of the chain until the transaction ends. So a transaction that audits on several chains takes
-- them in one order or deadlocks: workspaces by id, then 'system'; and it audits last, after every other lock.

create table if not exists public.audit_log (
  chain text generated always as (coalesce(workspace_id::text, 'system')) stored,
  seq bigint not null,
  -- No foreign key on purpose: what happened stays written when the workspace or the person is gone.
  workspace_id uuid,
  actor uuid,
  action text not null,
  details jsonb not null,
  request_id text,
  created_at timestamptz not null,
  prev_hash text not null,
  hash text not null,
  primary key (chain, seq)
);
alter table public.audit_log
  drop constraint if exists audit_log_action_check,
  drop constraint if exists audit_log_details_check;
alter table public.audit_log
  add constraint audit_log_action_check check (action in (
    'auth.profile_created', 'auth.denied', 'auth.explained',
    'payment.order_created', 'payment.completed', 'payment.failed', 'payment.cancelled', 'payment.refunded',
    'payment.refund_requested', 'payment.refund_completed', 'payment.refund_failed', 'payment.incident',
    'subscription.trial_started', 'subscription.past_due', 'subscription.expired', 'subscription.plan_changed',
    'webhook.received', 'webhook.rejected', 'webhook.applied',
    'onboarding.finalized', 'onboarding.abandoned',
    'bcm.created', 'bcm.rebuilt', 'bcm.restored', 'bcm.imported', 'bcm.exported', 'bcm.enriched', 'bcm.read_denied',
    'member.invited', 'member.joined', 'member.role_changed', 'member.removed', 'member.left',
    'member.invitation_revoked',
    'move.created', 'move.status_changed', 'campaign.created', 'campaign.status_changed',
    'ui.page_viewed', 'ui.plan_selected', 'ui.checkout_opened', 'ui.step_opened', 'ui.manifest_exported',
    'ui.error_shown')),
  add constraint audit_log_details_check check (jsonb_typeof(details) = 'object');
comment on table public.audit_log is
  'What was done, by whom (actor = auth user id, null = the system), in which request. Written in the transaction of the deed; append-only; hash-chained; read through read_audit().';
create or replace trigger append_only before update or delete or truncate on public.audit_log
  for each statement execute function private.forbid_change();

create table if not exists private.audit_heads (
  chain text primary key,
  seq bigint not null,
  hash text not null
);
comment on table private.audit_heads is
  'The last row of each audit chain. Appending locks it, and rows cut off the end of a chain are missed here.';

create or replace function private.keep_audit_head() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op <> 'UPDATE' or new.chain <> old.chain or new.seq <> old.seq + 1 then
    perform private.fail('PT409', 'append_only', 'The head of an audit chain only moves forward, one row at a time.');
  end if;
  return new;
end $$;
comment on function private.keep_audit_head() is 'Trigger: lets the head of an audit chain move to the next row and nowhere else.';
create or replace trigger append_only before update or delete on private.audit_heads
  for each row execute function private.keep_audit_head();
create or replace trigger append_only_truncate before truncate on private.audit_heads
  for each statement execute function private.forbid_change();

-- Support reads it with the service key; rows come only from functions, so not even that key can write one.
select private.reset_access('public.audit_log');
grant select on public.audit_log to service_role;
create policy "No client reads the audit log" on public.audit_log
  for all to anon, authenticated using (false);

-- ---------------------------------------------------------------------------------------------------------- appending

create or replace function private.request_id() returns text
language plpgsql stable set search_path = '' as $$
begin
  return pg_catalog.left(pg_catalog.current_setting('request.headers', true)::jsonb ->> 'x-request-id', 128);
exception when others then
  return null; -- called outside PostgREST, or with headers that are no JSON: there is no id to record
end $$;
comment on function private.request_id() is 'The x-request-id header of the HTTP request that PostgREST is serving, if any.';

create or replace function private.redacted_keys() returns text[]
language sql immutable parallel safe set search_path = '' as $$
  select array['account', 'account_holder', 'account_number', 'address', 'authorization', 'avatar_url', 'card', 'cookie',
    'email', 'first_name', 'full_name', 'ip', 'ip_address', 'last_name', 'mobile', 'name', 'password', 'phone', 'secret',
    'token', 'access_token', 'refresh_token', 'upi', 'user_agent', 'vpa']
$$;
comment on function private.redacted_keys() is
  'The keys whose values the audit log never keeps, at any depth. Capitals and underscores do not count: user_agent is also userAgent.';

create or replace function private.redact(p_value jsonb, p_depth integer default 16) returns jsonb
language plpgsql immutable parallel safe set search_path = '' as $$
begin
  return case
    when pg_catalog.jsonb_typeof(p_value) not in ('object', 'array') then p_value
    when p_depth < 1 then '"[redacted]"'
    when pg_catalog.jsonb_typeof(p_value) = 'array' then coalesce((
      select pg_catalog.jsonb_agg(private.redact(e.value, p_depth - 1) order by e.ordinality)
      from pg_catalog.jsonb_array_elements(p_value) with ordinality e), '[]')
    else coalesce((
      select pg_catalog.jsonb_object_agg(e.key, case
        when pg_catalog.lower(pg_catalog.regexp_replace(e.key, '[^a-zA-Z0-9]', '', 'g')) in (
          select pg_catalog.replace(k, '_', '') from pg_catalog.unnest(private.redacted_keys()) k)
        then '"[redacted]"' else private.redact(e.value, p_depth - 1) end)
      from pg_catalog.jsonb_each(p_value) e), '{}')
  end;
end $$;
comment on function private.redact(jsonb, integer) is
  'A JSON value with what stands under a redacted key, and what is nested deeper than 16 levels, replaced by "[redacted]".';

-- Everything but the hash itself, as the text of one JSON array: no two rows have the same text, whatever they hold.
create or replace function private.audit_hash(p_row public.audit_log) returns text
language sql stable set search_path = '' as $$
  select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
    (p_row).seq, (p_row).workspace_id, (p_row).actor, (p_row).action, (p_row).details, (p_row).request_id,
    (extract(epoch from (p_row).created_at) * 1000000)::bigint, (p_row).prev_hash)::text, 'UTF8')), 'hex')
$$;
comment on function private.audit_hash(public.audit_log) is
  'SHA-256, lower-case hex, over the columns of an audit row in order; created_at in microseconds since 1970.';

create or replace function private.audit(
  p_workspace_id uuid, p_actor uuid, p_action text, p_details jsonb, p_request_id text
) returns void
language plpgsql volatile set search_path = '' as $$
declare
  v_row public.audit_log;
  v_chain text := coalesce(p_workspace_id::text, 'system');
begin
  insert into private.audit_heads (chain, seq, hash) values (v_chain, 0, pg_catalog.repeat('0', 64))
  on conflict (chain) do nothing;
  select h.seq + 1, h.hash into v_row.seq, v_row.prev_hash from private.audit_heads h where h.chain = v_chain for update;
  v_row.workspace_id := p_workspace_id;
  v_row.actor := p_actor;
  v_row.action := p_action;
  v_row.details := private.redact(coalesce(p_details, '{}'));
  v_row.request_id := pg_catalog.left(coalesce(p_request_id, private.request_id()), 128);
  v_row.created_at := pg_catalog.clock_timestamp(); -- after the wait, so that time never runs backwards along a chain
  v_row.hash := private.audit_hash(v_row);
  insert into public.audit_log (seq, workspace_id, actor, action, details, request_id, created_at, prev_hash, hash)
  values (v_row.seq, v_row.workspace_id, v_row.actor, v_row.action, v_row.details, v_row.request_id, v_row.created_at,
    v_row.prev_hash, v_row.hash);
  update private.audit_heads set seq = v_row.seq, hash = v_row.hash where chain = v_chain;
end $$;
comment on function private.audit(uuid, uuid, text, jsonb, text) is
  'Appends one row to the chain of the workspace, or of the system when it is null, without personal data. Only security definer functions may call it; on several chains in the order of this file''s head.';

-- --------------------------------------------------------------------------------------------- events without a deed

create or replace function private.check_events(p_events jsonb) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_events is null or pg_catalog.jsonb_typeof(p_events) <> 'array' then
    perform private.fail('PT422', 'events_invalid', 'The argument p_events must be a JSON array of events.');
  end if;
  if pg_catalog.jsonb_array_length(p_events) not between 1 and 50 then
    perform private.fail('PT422', 'events_out_of_range', 'A call carries 1 to 50 events.');
  end if;
  if exists (select from pg_catalog.jsonb_array_elements(p_events) e
             where pg_catalog.jsonb_typeof(e) <> 'object' or pg_catalog.jsonb_typeof(e -> 'action') is distinct from 'string'
               or pg_catalog.jsonb_typeof(coalesce(e -> 'details', '{}')) <> 'object') then
    perform private.fail('PT422', 'event_invalid', 'An event has an action, which is text, and may have details, which are an object.');
  end if;
  if exists (select from pg_catalog.jsonb_array_elements(p_events) e
             where pg_catalog.octet_length((e -> 'details')::text) > 1024) then
    perform private.fail('PT422', 'event_too_large', 'The details of an event may hold 1 KB of JSON at most.');
  end if;
end $$;
comment on function private.check_events(jsonb) is 'Refuses a batch of events that is not 1 to 50 objects of an action and at most 1 KB of details.';

-- A workspace that does not exist gets no chain: an id made up by a caller would leave one for ever.
create or replace function public.record_events(p_events jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_event record;
begin
  perform private.check_events(p_events);
  for v_event in
    select e.workspace_id, (e.value ->> 'actor')::uuid as actor, e.value ->> 'action' as action,
      coalesce(e.value -> 'details', '{}') || case when e.workspace_id is null and e.value ->> 'workspace_id' is not null
        then pg_catalog.jsonb_build_object('workspace_id', e.value -> 'workspace_id') else '{}' end as details
    from (
      select j.*, (select w.id from public.workspaces w where w.id = (j.value ->> 'workspace_id')::uuid) as workspace_id
      from pg_catalog.jsonb_array_elements(p_events) with ordinality j) as e
    order by e.workspace_id nulls last, e.ordinality
  loop
    perform private.audit(v_event.workspace_id, v_event.actor, v_event.action, v_event.details, null);
  end loop;
exception
  when check_violation then
    perform private.fail('PT422', 'action_unknown', 'An event has an action that is not in the vocabulary.');
  when invalid_text_representation then
    perform private.fail('PT422', 'event_invalid', 'The workspace_id and actor of an event are UUIDs.');
end $$;
comment on function public.record_events(jsonb) is
  'Appends up to 50 events that change no row, all or none: [{action, details?, workspace_id?, actor?}]. For the Worker, by the service key.';

-- The limit keeps one person from filling the log by hand. It looks at the chain's last 1,000 rows, so its cost is bounded.
create or replace function public.record_ui_events(p_workspace_id uuid, p_events jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_event jsonb;
begin
  perform public.read_membership(p_workspace_id);
  perform private.check_events(p_events);
  if exists (select from pg_catalog.jsonb_array_elements(p_events) e where e ->> 'action' not like 'ui.%') then
    perform private.fail('PT422', 'action_unknown', 'An event of a page has an action that begins with ui.');
  end if;
  if (select count(*) from (
        select a.actor, a.action, a.created_at from public.audit_log a
        where a.chain = p_workspace_id::text order by a.seq desc limit 1000) as recent
      where recent.actor = auth.uid() and recent.action like 'ui.%'
        and recent.created_at > pg_catalog.now() - interval '1 hour') >= 500 then
    perform private.fail('PT429', 'too_many_events', 'You have sent 500 events within an hour; send the next ones later.');
  end if;
  for v_event in select value from pg_catalog.jsonb_array_elements(p_events) loop
    perform private.audit(p_workspace_id, auth.uid(), v_event ->> 'action', v_event -> 'details', null);
  end loop;
exception when check_violation then
  perform private.fail('PT422', 'action_unknown', 'An event has an action that is not in the vocabulary.');
end $$;
comment on function public.record_ui_events(uuid, jsonb) is
  'Appends up to 50 events of a page, all or none: [{action, details?}], actions ui.* alone, 500 an hour. Any member.';

-- --------------------------------------------------------------------------------------------- reading and verifying

create or replace function private.check_auditor(p_workspace_id uuid) returns void
language plpgsql stable set search_path = '' as $$
begin
  if auth.role() = 'service_role' then
    return;
  end if;
  if public.read_membership(p_workspace_id) ->> 'role' not in ('owner', 'admin') then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner or an admin may read the audit log.');
  end if;
end $$;
comment on function private.check_auditor(uuid) is
  'Lets the service key pass, and owners and admins of the workspace; the chain of the system has none.';

create or replace function public.read_audit(p_workspace_id uuid, p_before_seq bigint, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_limit integer := coalesce(p_limit, 50);
  v_rows jsonb;
  v_last bigint;
begin
  perform private.check_auditor(p_workspace_id);
  if v_limit not between 1 and 100 then
    perform private.fail('PT422', 'limit_out_of_range', 'The limit must be between 1 and 100.');
  end if;
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'seq', a.seq, 'actor', a.actor, 'action', a.action, 'details', a.details, 'request_id', a.request_id,
      'created_at', private.rfc3339(a.created_at), 'hash', a.hash) order by a.seq desc), '[]'),
    min(a.seq)
  into v_rows, v_last
  from (select * from public.audit_log l
        where l.chain = coalesce(p_workspace_id::text, 'system') and (p_before_seq is null or l.seq < p_before_seq)
        order by l.seq desc limit v_limit) as a;
  return pg_catalog.jsonb_build_object('rows', v_rows, 'next_before', case when v_last > 1 then v_last end);
end $$;
comment on function public.read_audit(uuid, bigint, integer) is
  'Audit rows of a workspace below p_before_seq (null: from the newest), newest first, 1 to 100; next_before is the next page''s p_before_seq, or null. Owners and admins; null for the system, by the service key.';

-- One pass along the chain. The link is looked at before the content, so that rows that changed places are told from a
-- row that was rewritten where it stands. Nothing here finds a chain that somebody with the rights of the tables' owner
-- has made anew from some row to its head: for that, keep a hash that read_audit() gave outside of the database.
create or replace function public.audit_verify(p_workspace_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_chain text := coalesce(p_workspace_id::text, 'system');
  v_row public.audit_log;
  v_head private.audit_heads;
  v_seq bigint := 0;
  v_hash text := pg_catalog.repeat('0', 64);
  v_reason text;
  v_rows bigint;
begin
  perform private.check_auditor(p_workspace_id);
  select count(*) into v_rows from public.audit_log where chain = v_chain;
  for v_row in select * from public.audit_log where chain = v_chain order by seq loop
    v_seq := v_seq + 1;
    v_reason := case
      when v_row.seq <> v_seq then 'missing_row'
      when v_row.prev_hash <> v_hash then 'broken_link'
      when v_row.hash <> private.audit_hash(v_row) then 'changed_row'
    end;
    exit when v_reason is not null;
    v_hash := v_row.hash;
  end loop;
  if v_reason is null then
    select * into v_head from private.audit_heads where chain = v_chain;
    if coalesce(v_head.seq, 0) <> v_seq then
      v_seq := v_seq + 1;
      v_reason := 'cut_tail';
    elsif v_head.hash <> v_hash then
      v_reason := 'changed_row';
    end if;
  end if;
  return pg_catalog.jsonb_build_object('ok', v_reason is null, 'rows', v_rows,
    'first_broken_seq', case when v_reason is not null then v_seq end, 'reason', v_reason);
end $$;
comment on function public.audit_verify(uuid) is
  'Walks a chain, null for the system''s, and names the first broken link: missing_row; broken_link (rows changed places, or the one before was made anew); changed_row; cut_tail (rows at the end, or the chain''s head, are gone). Owners, admins and the service key.';

revoke all on function private.keep_audit_head(), private.request_id(), private.redacted_keys(),
  private.redact(jsonb, integer), private.audit_hash(public.audit_log), private.audit(uuid, uuid, text, jsonb, text),
  private.check_events(jsonb), private.check_auditor(uuid), public.record_events(jsonb),
  public.record_ui_events(uuid, jsonb), public.read_audit(uuid, bigint, integer), public.audit_verify(uuid)
  from public, anon, authenticated;
grant execute on function public.record_ui_events(uuid, jsonb) to authenticated;
grant execute on function public.read_audit(uuid, bigint, integer), public.audit_verify(uuid) to authenticated, service_role;
grant execute on function public.record_events(jsonb) to service_role;
