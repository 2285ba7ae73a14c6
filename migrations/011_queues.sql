-- What waits to be done after an answer: webhooks to apply, e-mails to send.

create table if not exists public.webhook_inbox (
  id bigint generated always as identity primary key,
  raw_base64 text not null,
  headers jsonb not null default '{}',
  sha256 text not null constraint webhook_inbox_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  verified boolean not null,
  event text,
  order_id text,
  state text not null
    constraint webhook_inbox_state_check check (state in ('received', 'applied', 'ignored', 'failed', 'rejected')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index if not exists webhook_inbox_sha256_idx on public.webhook_inbox (sha256) where verified;
create index if not exists webhook_inbox_due_idx
  on public.webhook_inbox (next_attempt_at) where state in ('received', 'failed') and next_attempt_at is not null;
create index if not exists webhook_inbox_finished_idx
  on public.webhook_inbox (state, finished_at) where finished_at is not null;
comment on table public.webhook_inbox is
  'Every verified webhook, byte for byte, until 90 days after it is settled; of unverified ones at most 60 a minute, for 30 days.';
comment on column public.webhook_inbox.next_attempt_at is
  'When it may be claimed; moved ahead by each claim. Null when finished or given up.';
select private.reset_access('public.webhook_inbox');
grant select on public.webhook_inbox to service_role;
create policy "No client reads the webhook inbox" on public.webhook_inbox
  for all to anon, authenticated using (false);

create table if not exists public.webhook_rejections (
  minute timestamptz primary key,
  seen integer not null
);
comment on table public.webhook_rejections is
  'How many unverified webhooks came in each minute, stored or not. Rows older than 30 days are removed.';
select private.reset_access('public.webhook_rejections');
grant select on public.webhook_rejections to service_role;
create policy "No client reads webhook rejections" on public.webhook_rejections
  for all to anon, authenticated using (false);

create table if not exists public.email_outbox (
  id bigint generated always as identity primary key,
  idempotency_key text not null,
  to_email text not null,
  template text not null,
  data jsonb not null default '{}',
  state text not null default 'pending'
    constraint email_outbox_state_check check (state in ('pending', 'sent', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz default now(),
  provider_id text,
  last_error text,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create unique index if not exists email_outbox_idempotency_key_idx on public.email_outbox (idempotency_key);
create index if not exists email_outbox_due_idx on public.email_outbox (next_attempt_at) where state = 'pending';
create index if not exists email_outbox_finished_idx on public.email_outbox (finished_at) where state = 'sent';
comment on table public.email_outbox is
  'E-mails to send, written in the transaction of what they tell about; the key makes each of them go out once. Sent ones stay for 90 days.';
select private.reset_access('public.email_outbox');
grant select on public.email_outbox to service_role;
create policy "No client reads the e-mail outbox" on public.email_outbox
  for all to anon, authenticated using (false);
