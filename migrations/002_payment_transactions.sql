-- One row per order at the payment gateway. Clients read, never write: an amount that a browser could set is no amount.

create table if not exists public.payment_transactions (id uuid primary key default gen_random_uuid());
alter table public.payment_transactions
  add column if not exists workspace_id uuid,
  add column if not exists merchant_order_id text not null,
  add column if not exists phonepe_transaction_id text,
  add column if not exists plan text,
  add column if not exists billing_interval text,
  add column if not exists amount bigint not null,
  add column if not exists currency text not null default 'INR',
  add column if not exists status text not null default 'pending',
  add column if not exists payment_gateway text not null default 'phonepe',
  add column if not exists created_at timestamptz not null default now(),
  add column if not exists updated_at timestamptz not null default now(),
  drop constraint if exists payment_transactions_workspace_id_fkey,
  drop constraint if exists payment_transactions_merchant_order_id_key,
  drop constraint if exists payment_transactions_plan_check,
  drop constraint if exists payment_transactions_billing_interval_check,
  drop constraint if exists payment_transactions_amount_check,
  drop constraint if exists payment_transactions_currency_check,
  drop constraint if exists payment_transactions_status_check;
-- A status that we do not know is no proof of money, so it may not open a door.
update public.payment_transactions set status = 'cancelled' where status = 'canceled';
select private.adopt_values('public.payment_transactions', 'status',
  $$status in ('pending', 'completed', 'failed', 'cancelled', 'refunded')$$, 'failed');
select private.adopt_values('public.payment_transactions', 'billing_interval',
  $$billing_interval in ('month', 'year')$$, null);
select private.adopt_values('public.payment_transactions', 'created_at', 'true', now()::text);
-- Not valid: rows of an older ladder, in another currency or of nothing are kept as they are; only new rows must fit.
alter table public.payment_transactions
  alter column workspace_id drop not null,
  alter column status set not null,
  alter column created_at set not null,
  alter column amount type bigint,
  -- Records of money outlive the workspace, and must not stop a person from deleting their account.
  add constraint payment_transactions_workspace_id_fkey
    foreign key (workspace_id) references public.workspaces (id) on delete set null,
  add constraint payment_transactions_merchant_order_id_key unique (merchant_order_id),
  add constraint payment_transactions_plan_check check (plan in ('ascent', 'glide', 'soar')) not valid,
  add constraint payment_transactions_billing_interval_check check (billing_interval in ('month', 'year')),
  add constraint payment_transactions_amount_check check (amount >= 100) not valid,
  add constraint payment_transactions_currency_check check (currency = 'INR') not valid,
  add constraint payment_transactions_status_check
    check (status in ('pending', 'completed', 'failed', 'cancelled', 'refunded'));
create index if not exists payment_transactions_workspace_id_created_at_idx
  on public.payment_transactions (workspace_id, created_at desc);
comment on table public.payment_transactions is 'Orders at the payment gateway and where each one stands.';
comment on column public.payment_transactions.amount is 'Integer paise; the gateway takes no less than 100.';
comment on column public.payment_transactions.merchant_order_id is 'Our order id at the gateway; a new one for each attempt.';

create or replace trigger touch_updated_at before update on public.payment_transactions
  for each row execute function private.touch_updated_at();

select private.reset_access('public.payment_transactions');
grant select on public.payment_transactions to authenticated;
grant select, insert, update on public.payment_transactions to service_role;
create policy "Owners and admins see the payments of their workspaces" on public.payment_transactions
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin}'))));
