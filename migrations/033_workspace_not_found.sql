-- One sentence for a workspace that is not there and for one that the caller does not belong to.

create or replace function public.read_gate(p_workspace_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_user public.users;
  v_workspace_id uuid;
  v_role text;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  select * into v_user from public.users where auth_user_id = auth.uid();
  if v_user.is_active then
    v_workspace_id := coalesce(p_workspace_id, private.own_workspace(v_user.id));
    select role into v_role from public.workspace_members
    where workspace_id = v_workspace_id and user_id = v_user.id and is_active;
    if v_role is not null then
      return private.gate_facts(v_workspace_id, v_role);
    end if;
    if p_workspace_id is not null then
      perform private.fail('PT404', 'workspace_not_found', 'Workspace not found, or you are not a member.');
    end if;
  end if;
  return pg_catalog.jsonb_build_object(
    'profile_exists', v_user.id is not null,
    'account_disabled', v_user.id is not null and not v_user.is_active,
    'workspace_exists', false, 'plan_status', 'none', 'onboarding_status', 'pending');
end $$;

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
    perform private.fail('PT404', 'workspace_not_found', 'Workspace not found, or you are not a member.');
  end if;
  select * into v_subscription from public.subscriptions where workspace_id = p_workspace_id;
  v_subscription := private.subscription_now(v_subscription, pg_catalog.now());
  return pg_catalog.jsonb_build_object(
    'role', v_role,
    'plan', v_subscription.plan,
    'access_until', private.rfc3339(private.access_until(v_subscription)));
end $$;
