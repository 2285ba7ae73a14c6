-- The durable copy of an onboarding draft, behind the session in Redis.

create table if not exists public.onboarding_snapshots (
  workspace_id uuid primary key
    constraint onboarding_snapshots_workspace_id_fkey references public.workspaces (id) on delete cascade,
  revision integer not null constraint onboarding_snapshots_revision_check check (revision >= 1),
  state text not null default 'draft' constraint onboarding_snapshots_state_check check (state in ('draft', 'submitted')),
  answers jsonb not null,
  updated_at timestamptz not null default now()
);
comment on table public.onboarding_snapshots is
  'The answers of each workspace''s onboarding as last saved; replaced only by a newer revision, and never once submitted.';
select private.reset_access('public.onboarding_snapshots');
grant select on public.onboarding_snapshots to authenticated, service_role;
create policy "Members read the onboarding of their workspaces" on public.onboarding_snapshots
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));

create or replace function public.save_snapshot(
  p_workspace_id uuid, p_revision integer, p_state text, p_answers jsonb
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_role text;
  v_owner_id uuid;
  v_saved boolean;
  v_revision integer;
begin
  if auth.uid() is null then
    perform private.fail('PT401', 'not_signed_in', 'This call needs the access token of a signed-in person.');
  end if;
  v_role := public.read_membership(p_workspace_id) ->> 'role';
  if v_role not in ('owner', 'admin') then
    perform private.fail('PT403', 'role_not_allowed', 'Only an owner or an admin may edit the onboarding.');
  end if;
  -- Saves and submissions count on from here, and must not leave the integers.
  if p_revision is null or p_revision not between 1 and 2000000000 then
    perform private.fail('PT422', 'revision_invalid', 'The revision must be a whole number from 1 to 2,000,000,000.');
  end if;
  if p_state is distinct from 'draft' then
    perform private.fail('PT422', 'state_unknown', 'A draft is kept; an onboarding is submitted by finalizing it.');
  end if;
  perform private.check_object(p_answers, 262144, 'answers');

  select owner_id into v_owner_id from public.workspaces where id = p_workspace_id for no key update;
  if not found then
    perform private.fail('PT404', 'workspace_not_found', 'There is no such workspace, or you are not a member of it.');
  end if;
  insert into public.onboarding_snapshots as s (workspace_id, revision, state, answers, updated_at)
  values (p_workspace_id, p_revision, p_state, p_answers, pg_catalog.clock_timestamp())
  on conflict (workspace_id) do update
    set revision = excluded.revision, state = excluded.state, answers = excluded.answers, updated_at = excluded.updated_at,
      abandoned_at = null
    where s.revision < excluded.revision and s.state <> 'submitted';
  v_saved := found;
  if v_saved then
    update public.users set onboarding_status = 'in_progress'
    where id = v_owner_id and onboarding_status in ('pending', 'payment_confirmed', 'abandoned')
      and private.own_workspace(id) = p_workspace_id;
  end if;
  select revision into v_revision from public.onboarding_snapshots where workspace_id = p_workspace_id;
  return pg_catalog.jsonb_build_object('saved', v_saved, 'revision', v_revision);
end $$;
comment on function public.save_snapshot(uuid, integer, text, jsonb) is
  'Keeps the answers of an onboarding if the revision is newer and nothing was submitted; answers the revision that is kept. Owners and admins.';

create or replace function public.read_snapshot(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_membership jsonb := public.read_membership(p_workspace_id);
begin
  return pg_catalog.jsonb_build_object('membership', v_membership, 'snapshot', (
    select pg_catalog.jsonb_build_object('revision', s.revision, 'state', s.state, 'answers', s.answers,
      'updated_at', private.rfc3339(s.updated_at))
    from public.onboarding_snapshots s where s.workspace_id = p_workspace_id));
end $$;
comment on function public.read_snapshot(uuid) is
  'The kept answers of a workspace''s onboarding, or null, with the caller''s membership; any member.';

revoke all on function public.save_snapshot(uuid, integer, text, jsonb), public.read_snapshot(uuid)
  from public, anon, authenticated;
grant execute on function public.save_snapshot(uuid, integer, text, jsonb), public.read_snapshot(uuid) to authenticated;
