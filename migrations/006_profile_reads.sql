-- What the gate asks about a person. Facts only: the conditions are derived from them by the one rule set in the core.
-- Both run with the caller's rights, so row-level security decides what there is to find.

create or replace function public.verify_profile() returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_user public.users;
  v_workspace_id uuid;
  v_role text;
  v_subscription public.subscriptions;
  v_context public.workspace_context;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select * into v_user from public.users where auth_user_id = auth.uid() and is_active;
  v_workspace_id := private.own_workspace(v_user.id);
  select role into v_role from public.workspace_members where workspace_id = v_workspace_id and user_id = v_user.id;
  select * into v_subscription from public.subscriptions where workspace_id = v_workspace_id;
  v_subscription := private.subscription_now(v_subscription, pg_catalog.now());
  select * into v_context from public.workspace_context where workspace_id = v_workspace_id;
  return pg_catalog.jsonb_build_object(
    'profile_exists', v_user.id is not null,
    'workspace_exists', v_role is not null,
    'workspace_id', v_workspace_id,
    'role', v_role,
    'plan', v_subscription.plan,
    'plan_status', coalesce(v_subscription.status, 'none'),
    'access_until', private.rfc3339(private.access_until(v_subscription)),
    'onboarding_status', coalesce(v_user.onboarding_status, 'pending'),
    'manifest', case when v_context.workspace_id is not null then pg_catalog.jsonb_build_object(
      'version', v_context.latest_version, 'confirmed_at', private.rfc3339(v_context.confirmed_at)) end);
end $$;
comment on function public.verify_profile() is
  'The facts about the caller and the workspace that stands for them at the gate; makes and changes nothing.';

create or replace function public.read_membership(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_role text;
  v_subscription public.subscriptions;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select m.role into v_role
  from public.workspace_members m join public.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and u.auth_user_id = auth.uid() and u.is_active and m.is_active;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  select * into v_subscription from public.subscriptions where workspace_id = p_workspace_id;
  v_subscription := private.subscription_now(v_subscription, pg_catalog.now());
  return pg_catalog.jsonb_build_object(
    'role', v_role,
    'plan', v_subscription.plan,
    'access_until', private.rfc3339(private.access_until(v_subscription)));
end $$;
comment on function public.read_membership(uuid) is
  'What the caller may do in a workspace: {role, plan, access_until}. An outsider gets the same 404 as for a workspace that does not exist.';

-- The names that callers of the specification look for. Each is one call of a function above; new code uses those.

create or replace function public.ensure_profile_exists() returns jsonb
language sql volatile security invoker set search_path = '' as $$
  select public.ensure_profile()
$$;
comment on function public.ensure_profile_exists() is
  'Another name of ensure_profile(), which is the one to use: {user_id, workspace_id, role, created}.';

create or replace function public.create_workspace_if_missing() returns jsonb
language sql volatile security invoker set search_path = '' as $$
  select pg_catalog.jsonb_build_object('workspace_id', p -> 'workspace_id', 'created', p -> 'created')
  from public.ensure_profile() as p
$$;
comment on function public.create_workspace_if_missing() is
  'ensure_profile(), which is the one to use, answering {workspace_id, created} alone: a workspace is never made without its owner.';

create or replace function public.verify_profile_complete() returns jsonb
language sql stable security invoker set search_path = '' as $$
  select facts || pg_catalog.jsonb_build_object('needs_payment', needs_payment, 'complete',
    (facts ->> 'profile_exists')::boolean and (facts ->> 'workspace_exists')::boolean and not needs_payment)
  from (select public.verify_profile() as facts) as f,
    lateral (select coalesce((facts ->> 'access_until')::timestamptz <= pg_catalog.now(), true) as needs_payment) as n
$$;
comment on function public.verify_profile_complete() is
  'verify_profile(), which is the one to use, with two answers worked out: needs_payment, and complete, which is true when profile and workspace exist and access lasts. The gate asks for more.';

revoke all on function public.verify_profile(), public.read_membership(uuid), public.ensure_profile_exists(),
  public.create_workspace_if_missing(), public.verify_profile_complete() from public, anon, authenticated;
grant execute on function public.verify_profile(), public.read_membership(uuid), public.ensure_profile_exists(),
  public.create_workspace_if_missing(), public.verify_profile_complete() to authenticated;
-- Runs inside verify_profile() with the caller's rights; the rows it can see are the caller's own.
grant execute on function private.own_workspace(uuid) to authenticated;
