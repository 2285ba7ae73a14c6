-- Onboardings that nobody has come back to.

create or replace function public.sweep_abandoned_sessions(p_limit integer, p_request_id text) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ids uuid[];
  v_id uuid;
  v_owner_id uuid;
  v_saved_at timestamptz;
  v_swept integer := 0;
begin
  -- A workspace that is being saved now is passed over: it is not abandoned.
  select pg_catalog.array_agg(due.id order by due.id) into v_ids from (
    select w.id
    from public.users u
    join public.workspaces w on w.owner_id = u.id
    join public.onboarding_snapshots s on s.workspace_id = w.id
    where u.onboarding_status = 'in_progress' and s.state = 'draft'
      and s.updated_at < pg_catalog.now() - interval '7 days' and private.own_workspace(u.id) = w.id
    limit least(greatest(coalesce(p_limit, 0), 0), 100)
    for no key update of w skip locked) due;
  foreach v_id in array coalesce(v_ids, '{}') loop
    -- Asked again under the lock.
    update public.users u set onboarding_status = 'abandoned'
    from public.workspaces w join public.onboarding_snapshots s on s.workspace_id = w.id
    where w.id = v_id and u.id = w.owner_id and u.onboarding_status = 'in_progress' and s.state = 'draft'
      and s.updated_at < pg_catalog.now() - interval '7 days'
    returning u.id, s.updated_at into v_owner_id, v_saved_at;
    if found then
      perform private.audit(v_id, null, 'onboarding.abandoned', pg_catalog.jsonb_build_object(
        'user_id', v_owner_id, 'last_saved_at', private.rfc3339(v_saved_at)), p_request_id);
      v_swept := v_swept + 1;
    end if;
  end loop;
  return v_swept;
end $$;
comment on function public.sweep_abandoned_sessions(integer, text) is
  'Marks onboardings abandoned whose draft was last saved more than 7 days ago, 100 at most, and answers how many. Nothing is removed: the next save puts the owner in progress again. Service key only.';

revoke all on function public.sweep_abandoned_sessions(integer, text) from public, anon, authenticated;
grant execute on function public.sweep_abandoned_sessions(integer, text) to service_role;
