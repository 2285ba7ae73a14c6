-- What the gate asks: about the caller, and for support about any workspace. Facts only; the core judges them.

create or replace function private.gate_facts(p_workspace_id uuid, p_role text) returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_sub public.subscriptions;
  v_context public.workspace_context;
  v_onboarding text;
  v_paid_until timestamptz;
begin
  select * into v_sub from public.subscriptions where workspace_id = p_workspace_id;
  v_sub := private.subscription_now(v_sub, pg_catalog.now());
  select * into v_context from public.workspace_context where workspace_id = p_workspace_id;
  -- A workspace is onboarded once, by whoever owns it, and for everybody in it.
  select u.onboarding_status into v_onboarding
  from public.workspaces w join public.users u on u.id = w.owner_id where w.id = p_workspace_id;
  v_paid_until := case when v_sub.status = 'trial' then v_sub.trial_end
    else coalesce(v_sub.next_period_end, v_sub.current_period_end, v_sub.trial_end) end;
  return pg_catalog.jsonb_build_object(
    'profile_exists', true,
    'workspace_exists', true,
    'workspace_id', p_workspace_id,
    'role', p_role,
    'plan', v_sub.plan,
    'plan_status', coalesce(v_sub.status, 'none'),
    'access_until', private.rfc3339(private.access_until(v_sub)),
    'paid_until', private.rfc3339(v_paid_until),
    'grace_until', private.rfc3339(
      case when v_sub.status = 'active' then v_paid_until + private.grace() else v_sub.grace_period_end end),
    'onboarding_status', coalesce(v_onboarding, 'pending'),
    'manifest', case when v_context.workspace_id is not null then pg_catalog.jsonb_build_object(
      'version', v_context.latest_version, 'confirmed_at', private.rfc3339(v_context.confirmed_at)) end);
end $$;
comment on function private.gate_facts(uuid, text) is
  'The facts of a workspace as the gate judges them; the caller has checked who may have them.';

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
      perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
    end if;
  end if;
  return pg_catalog.jsonb_build_object(
    'profile_exists', v_user.id is not null,
    'account_disabled', v_user.id is not null and not v_user.is_active,
    'workspace_exists', false, 'plan_status', 'none', 'onboarding_status', 'pending');
end $$;
comment on function public.read_gate(uuid) is
  'The facts about the caller at the gate, in the named workspace or else in the one that stands for them. An outsider gets the same 404 as for a workspace that does not exist; makes and changes nothing.';

create or replace function public.explain_workspace(p_workspace_id uuid, p_actor uuid, p_request_id text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text;
begin
  perform from public.workspaces where id = p_workspace_id;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace.');
  end if;
  select m.role into v_role
  from public.workspace_members m join public.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and u.auth_user_id = p_actor and u.is_active and m.is_active;
  -- Looking at one's own workspace is no deed; looking at somebody else's is.
  if v_role is null then
    perform private.audit(p_workspace_id, p_actor, 'auth.explained', '{}', p_request_id);
  end if;
  return private.gate_facts(p_workspace_id, v_role);
end $$;
comment on function public.explain_workspace(uuid, uuid, text) is
  'For support, whose right the Worker has checked: the gate''s facts of any workspace, with an audit row unless the actor belongs to it.';

revoke all on function private.gate_facts(uuid, text), public.read_gate(uuid), public.explain_workspace(uuid, uuid, text)
  from public, anon, authenticated;
grant execute on function public.read_gate(uuid) to authenticated;
grant execute on function public.explain_workspace(uuid, uuid, text) to service_role;
