-- Making an order, keeping its checkout, reading orders.

create or replace function private.checkout_json(p_order public.payment_transactions, p_created boolean) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object(
    'order_id', (p_order).merchant_order_id, 'plan', (p_order).plan, 'interval', (p_order).billing_interval,
    'amount', (p_order).amount, 'currency', (p_order).currency, 'status', (p_order).status, 'created', p_created,
    'redirect_url', (p_order).redirect_url, 'expires_at', private.rfc3339((p_order).expires_at))
$$;
comment on function private.checkout_json(public.payment_transactions, boolean) is
  'An order as create_order() and save_checkout() answer it.';

create or replace function private.order_json(p_order public.payment_transactions) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object(
    'order_id', (p_order).merchant_order_id, 'workspace_id', (p_order).workspace_id, 'plan', (p_order).plan,
    'interval', (p_order).billing_interval, 'amount', (p_order).amount, 'currency', (p_order).currency,
    'status', (p_order).status, 'created_at', private.rfc3339((p_order).created_at),
    'expires_at', private.rfc3339((p_order).expires_at), 'redirect_url', (p_order).redirect_url,
    'paid_at', private.rfc3339((p_order).paid_at), 'checks', (p_order).checks,
    'next_check_at', private.rfc3339((p_order).next_check_at),
    'subscription', (select private.subscription_json(s, pg_catalog.now()) from public.subscriptions s
                     where s.workspace_id = (p_order).workspace_id))
$$;
comment on function private.order_json(public.payment_transactions) is
  'An order as the API shows it, with the subscription of its workspace.';

drop function if exists public.create_order(uuid, text, text, text, text);
create or replace function public.create_order(
  p_workspace_id uuid, p_plan text, p_interval text, p_idempotency_key text, p_request_id text, p_amount bigint default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text;
  v_amount bigint;
  v_order public.payment_transactions;
  v_now timestamptz;
begin
  -- 1. Who asks.
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  v_role := public.read_membership(p_workspace_id) ->> 'role';
  if v_role not in ('owner', 'admin') then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner or an admin may buy a plan.');
  end if;

  -- 2. What for: the price is the catalogue's, never the caller's.
  select case p_interval when 'month' then p.monthly_paise when 'year' then p.yearly_paise end into v_amount
  from public.plans p where p.plan = p_plan;
  if v_amount is null then
    perform private.fail('PT422', 'plan_unknown', 'There is no such plan or interval; take both from the price list.');
  end if;
  if p_amount <> v_amount then
    perform private.fail('PT409', 'price_changed', 'The price shown is not the one that is kept here; load the price list again.');
  end if;
  if p_idempotency_key is null or p_idempotency_key !~ '^[!-~]{1,255}$' then
    perform private.fail('PT422', 'idempotency_key_invalid',
      'The idempotency key must be 1 to 255 visible ASCII characters without spaces.');
  end if;

  -- 3. One order at a time per workspace.
  perform from public.workspaces where id = p_workspace_id for no key update;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  v_now := pg_catalog.clock_timestamp();

  select t.* into v_order from public.payment_order_keys k join public.payment_transactions t on t.id = k.transaction_id
  where k.workspace_id = p_workspace_id and k.idempotency_key = p_idempotency_key;
  if found then
    if v_order.plan is distinct from p_plan or v_order.billing_interval is distinct from p_interval then
      perform private.fail('PT422', 'idempotency_key_reused',
        'This idempotency key belongs to an order of another plan; use a new key for a new order.');
    end if;
    return private.checkout_json(v_order, false);
  end if;

  -- 4. By hand anyone could ask without end; nobody buys this often.
  if (select count(*) >= 60 from public.payment_order_keys k
      where k.workspace_id = p_workspace_id and k.created_at > v_now - interval '1 hour') then
    perform private.fail('PT429', 'too_many_orders', 'This workspace has asked for too many orders; try again in an hour.');
  end if;

  -- 5. Two tabs share one checkout. An order whose checkout is still being opened is shared for a minute; after that
  -- whatever opened it has died, and a new order must be possible.
  select t.* into v_order from public.payment_transactions t
  where t.workspace_id = p_workspace_id and t.status = 'pending' and t.plan = p_plan
    and t.billing_interval = p_interval and t.amount = v_amount
    and coalesce(t.expires_at > v_now + interval '60 seconds', t.created_at > v_now - interval '60 seconds')
  order by t.created_at desc, t.id limit 1;
  if found then
    insert into public.payment_order_keys (workspace_id, idempotency_key, transaction_id, created_at)
    values (p_workspace_id, p_idempotency_key, v_order.id, v_now);
    return private.checkout_json(v_order, false);
  end if;

  -- 6. The first check is set already, so that an order whose caller dies before the checkout is kept gets asked about.
  insert into public.payment_transactions
    (workspace_id, plan, billing_interval, amount, created_by, created_at, next_check_at)
  values (p_workspace_id, p_plan, p_interval, v_amount, auth.uid(), v_now, v_now + interval '2 minutes')
  returning * into v_order;
  insert into public.payment_order_keys (workspace_id, idempotency_key, transaction_id, created_at)
  values (p_workspace_id, p_idempotency_key, v_order.id, v_now);
  insert into public.payment_events (transaction_id, source, state_seen, outcome, status)
  values (v_order.id, 'person', 'CREATED', 'created', 'pending');
  perform private.audit(p_workspace_id, auth.uid(), 'payment.order_created', pg_catalog.jsonb_build_object(
    'order_id', v_order.merchant_order_id, 'plan', p_plan, 'interval', p_interval, 'amount', v_amount), p_request_id);
  return private.checkout_json(v_order, true);
end $$;
comment on function public.create_order(uuid, text, text, text, text, bigint) is
  'Makes an order at the catalogue''s price, or answers with the one the idempotency key or an open checkout stands for. Owners and admins.';

create or replace function public.save_checkout(
  p_order_id text, p_provider_order_id text, p_redirect_url text, p_expires_at timestamptz, p_next_check_at timestamptz
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_order public.payment_transactions;
begin
  select * into v_order from public.payment_transactions where merchant_order_id = p_order_id for update;
  if not found then
    perform private.fail('PT404', 'order_not_found', 'There is no such order.');
  end if;
  if v_order.provider_order_id is distinct from p_provider_order_id and p_provider_order_id is not null and (v_order.provider_order_id is not null
     or exists (select from public.payment_transactions t where t.provider_order_id = p_provider_order_id)) then
    perform private.fail('PT409', 'checkout_conflict', 'The order has another checkout already, or the checkout another order.');
  end if;
  -- An answer may have overtaken us: then only the id is news.
  update public.payment_transactions set
    -- The gateway's older generation names the order only when it is paid.
    provider_order_id = coalesce(p_provider_order_id, provider_order_id),
    redirect_url = case when status = 'pending' then p_redirect_url else redirect_url end,
    expires_at = case when status = 'pending' then p_expires_at else expires_at end,
    next_check_at = case when status = 'pending' then p_next_check_at else next_check_at end
  where id = v_order.id returning * into v_order;
  return private.checkout_json(v_order, false);
end $$;
comment on function public.save_checkout(text, text, text, timestamptz, timestamptz) is
  'Keeps the checkout that the gateway opened for an order. Service key only.';

create or replace function public.read_order(p_order_id text) returns jsonb
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
  return private.order_json(v_order);
end $$;
comment on function public.read_order(text) is
  'One order of a workspace of the caller''s; any member.';

create or replace function public.list_orders(p_workspace_id uuid, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform public.read_membership(p_workspace_id);
  if coalesce(p_limit, 20) not between 1 and 100 then
    perform private.fail('PT422', 'limit_out_of_range', 'The limit must be between 1 and 100.');
  end if;
  return (
    select coalesce(pg_catalog.jsonb_agg(private.order_json(t) order by t.created_at desc, t.id), '[]')
    from (select * from public.payment_transactions
          where workspace_id = p_workspace_id order by created_at desc, id limit coalesce(p_limit, 20)) as t);
end $$;
comment on function public.list_orders(uuid, integer) is
  'The latest orders of a workspace, newest first, 1 to 100 of them; any member.';

revoke all on function private.checkout_json(public.payment_transactions, boolean),
  private.order_json(public.payment_transactions),
  public.create_order(uuid, text, text, text, text, bigint),
  public.save_checkout(text, text, text, timestamptz, timestamptz),
  public.read_order(text), public.list_orders(uuid, integer) from public, anon, authenticated;
grant execute on function public.create_order(uuid, text, text, text, text, bigint), public.read_order(text),
  public.list_orders(uuid, integer) to authenticated;
grant execute on function public.save_checkout(text, text, text, timestamptz, timestamptz) to service_role;
