-- Onboardings that nobody has come back to.

alter table public.onboarding_snapshots add column if not exists abandoned_at timestamptz;
comment on column public.onboarding_snapshots.abandoned_at is
  'When the draft was found to be abandoned; null again with the next save.';
-- What was swept once is not looked at again, however much of it there is.
create index if not exists onboarding_snapshots_due_idx on public.onboarding_snapshots (updated_at)
  where state = 'draft' and abandoned_at is null;

create or replace function public.sweep_abandoned_sessions(p_limit integer, p_request_id text) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_ids uuid[];
  v_id uuid;
  v_saved_at timestamptz;
  v_swept integer := 0;
begin
  -- A workspace that is being saved now is passed over: it is not abandoned.
  select pg_catalog.array_agg(due.id order by due.id) into v_ids from (
    select w.id
    from public.onboarding_snapshots s join public.workspaces w on w.id = s.workspace_id
    where s.state = 'draft' and s.abandoned_at is null and s.updated_at < pg_catalog.now() - interval '7 days'
    order by s.updated_at limit least(greatest(coalesce(p_limit, 0), 0), 100)
    for no key update of w skip locked) due;
  foreach v_id in array coalesce(v_ids, '{}') loop
    -- Asked again under the lock.
    update public.onboarding_snapshots s set abandoned_at = pg_catalog.now()
    where s.workspace_id = v_id and s.state = 'draft' and s.abandoned_at is null
      and s.updated_at < pg_catalog.now() - interval '7 days'
    returning s.updated_at into v_saved_at;
    continue when not found;
    update public.users u set onboarding_status = 'abandoned'
    from public.workspaces w
    where w.id = v_id and u.id = w.owner_id and u.onboarding_status = 'in_progress'
      and private.own_workspace(u.id) = v_id;
    perform private.audit(v_id, null, 'onboarding.abandoned',
      pg_catalog.jsonb_build_object('last_saved_at', private.rfc3339(v_saved_at)), p_request_id);
    v_swept := v_swept + 1;
  end loop;
  return v_swept;
end $$;
comment on function public.sweep_abandoned_sessions(integer, text) is
  'Marks drafts abandoned that were last saved more than 7 days ago, and their owners where the draft stands for them at the gate, 100 at most; answers how many. Nothing is removed: the next save puts the owner in progress again. Service key only.';

revoke all on function public.sweep_abandoned_sessions(integer, text) from public, anon, authenticated;
grant execute on function public.sweep_abandoned_sessions(integer, text) to service_role;
