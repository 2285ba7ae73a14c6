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
  return pg_catalog.jsonb_build_object(
    'role', v_role,
    'plan', v_subscription.plan,
    'access_until', private.rfc3339(private.access_until(v_subscription)));
end $$;
comment on function public.read_membership(uuid) is
  'What the caller may do in a workspace: {role, plan, access_until}. An outsider gets the same 404 as for a workspace that does not exist.';

revoke all on function public.verify_profile(), public.read_membership(uuid) from public, anon, authenticated;
grant execute on function public.verify_profile(), public.read_membership(uuid) to authenticated;
-- Runs inside verify_profile() with the caller's rights; the rows it can see are the caller's own.
grant execute on function private.own_workspace(uuid) to authenticated;
