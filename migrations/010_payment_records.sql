-- What is kept of each order: its checkout, when to ask about it again, everything that was heard, and what does not add up.

alter table public.payment_transactions
  add column if not exists provider_order_id text,
  add column if not exists redirect_url text,
  add column if not exists expires_at timestamptz,
  add column if not exists next_check_at timestamptz,
  add column if not exists checks integer not null default 0,
  add column if not exists claimed_until timestamptz,
  add column if not exists paid_at timestamptz,
  add column if not exists granted interval,
  add column if not exists created_by uuid;
alter table public.payment_transactions
  alter column merchant_order_id set default 'GH' || replace(gen_random_uuid()::text, '-', '');
create unique index if not exists payment_transactions_provider_order_id_idx
  on public.payment_transactions (provider_order_id) where provider_order_id is not null;
create index if not exists payment_transactions_due_idx
  on public.payment_transactions (next_check_at) where next_check_at is not null;
comment on column public.payment_transactions.provider_order_id is 'The gateway''s own id of the order, known once a checkout was opened.';
comment on column public.payment_transactions.next_check_at is 'When cron asks the gateway next; null when nothing is left to ask.';
comment on column public.payment_transactions.claimed_until is 'Until when one cron run has the order to itself.';
comment on column public.payment_transactions.granted is
  'The time that the captured order bought, to the second; a full refund takes it back.';
comment on column public.payment_transactions.created_by is 'Auth user id of the person who ordered.';

-- Not even the service key writes an order: functions do, with their audit row.
select private.reset_access('public.payment_transactions');
grant select on public.payment_transactions to authenticated, service_role;
create policy "Owners and admins see the payments of their workspaces" on public.payment_transactions
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin}'))));

-- One row per idempotency key, so that a second key that was answered with an open order stays bound to it.
create table if not exists public.payment_order_keys (
  workspace_id uuid not null
    constraint payment_order_keys_workspace_id_fkey references public.workspaces (id) on delete cascade,
  idempotency_key text not null,
  transaction_id uuid not null
    constraint payment_order_keys_transaction_id_fkey references public.payment_transactions (id),
  created_at timestamptz not null default now(),
  primary key (workspace_id, idempotency_key)
);
create index if not exists payment_order_keys_transaction_id_idx on public.payment_order_keys (transaction_id);
comment on table public.payment_order_keys is 'Which order each idempotency key of a workspace was answered with.';
select private.reset_access('public.payment_order_keys');
grant select on public.payment_order_keys to service_role;
create policy "No client reads idempotency keys" on public.payment_order_keys
  for all to anon, authenticated using (false);

create table if not exists public.payment_events (
  id bigint generated always as identity primary key,
  transaction_id uuid not null
    constraint payment_events_transaction_id_fkey references public.payment_transactions (id),
  source text not null constraint payment_events_source_check check (source in ('webhook', 'poll', 'cron', 'person')),
  state_seen text not null,
  outcome text not null
    constraint payment_events_outcome_check check (outcome in ('created', 'applied', 'unchanged', 'incident')),
  status text not null,
  details jsonb not null default '{}' constraint payment_events_details_check check (jsonb_typeof(details) = 'object'),
  created_at timestamptz not null default now()
);
create index if not exists payment_events_transaction_id_id_idx on public.payment_events (transaction_id, id);
comment on table public.payment_events is
  'What was heard about an order and what came of it, in order: the answer to "where is my money?". Append-only; an answer that the order is still pending is not news and leaves no row.';
comment on column public.payment_events.state_seen is 'The gateway''s word for the order''s state, as it came.';
comment on column public.payment_events.status is 'Status of the order after the event.';
create or replace trigger append_only before update or delete or truncate on public.payment_events
  for each statement execute function private.forbid_change();
select private.reset_access('public.payment_events');
grant select on public.payment_events to authenticated, service_role;
create policy "Owners and admins see what happened to their payments" on public.payment_events
  for select to authenticated using (transaction_id = any (array(
    select t.id from public.payment_transactions t
    where t.workspace_id = any (array(select private.my_workspace_ids('{owner,admin}'))))));

create table if not exists public.payment_incidents (
  id bigint generated always as identity primary key,
  order_id text not null,
  transaction_id uuid
    constraint payment_incidents_transaction_id_fkey references public.payment_transactions (id),
  kind text not null constraint payment_incidents_kind_check check (kind in
    ('amount_mismatch', 'provider_order_mismatch', 'unknown_order', 'workspace_gone', 'refund_mismatch', 'unknown_refund')),
  details jsonb not null default '{}',
  seen integer not null default 1,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz
);
create index if not exists payment_incidents_transaction_id_idx on public.payment_incidents (transaction_id);
create unique index if not exists payment_incidents_open_idx
  on public.payment_incidents (order_id, kind) where resolved_at is null;
comment on table public.payment_incidents is
  'What a person has to look at because money and records disagree. One open row per order and kind; seen counts repeats.';
select private.reset_access('public.payment_incidents');
grant select on public.payment_incidents to service_role;
create policy "No client reads payment incidents" on public.payment_incidents
  for all to anon, authenticated using (false);
