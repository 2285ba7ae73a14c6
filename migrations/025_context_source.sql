-- What the current manifest is made from, where that has changed since: edits by people, and what the cron makes anew.

alter table public.workspace_context
  add column if not exists edits integer not null default 0,
  add column if not exists answers jsonb,
  add column if not exists business_context jsonb,
  add column if not exists reducer integer not null default 0,
  add column if not exists source_changed_at timestamptz,
  add column if not exists rebuild_claimed_until timestamptz;
comment on column public.workspace_context.edits is
  'How often the source was changed since the current version without making a new one; editors compare it.';
comment on column public.workspace_context.answers is
  'With business_context the source as it is now; both null while it is the one beside the current version.';
comment on column public.workspace_context.reducer is
  'Which reducer has looked at the source last; 0 for none that is known. A newer one makes the cron look again.';
comment on column public.workspace_context.source_changed_at is
  'Since when the source waits for the cron, because it was changed here and not through a function; null when it does not.';
create index if not exists workspace_context_source_changed_at_idx on public.workspace_context (source_changed_at)
  where source_changed_at is not null;

-- private.store_version() counts an edit itself; whoever writes the columns by hand does not.
create or replace function private.note_source_change() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.edits := old.edits + 1;
  new.source_changed_at := pg_catalog.clock_timestamp();
  return new;
end $$;
comment on function private.note_source_change() is
  'Trigger: a source that was changed by hand counts as an edit, and waits for the cron to make the manifest anew.';
create or replace trigger note_source_change before update of answers, business_context on public.workspace_context
  for each row when (new.edits = old.edits and (new.answers is distinct from old.answers
    or new.business_context is distinct from old.business_context))
  execute function private.note_source_change();

create or replace function private.reducer_of(p_meta jsonb) returns integer
language sql immutable set search_path = '' as $$
  select case when p_meta ->> 'reducer' ~ '^[0-9]{1,9}$' then (p_meta ->> 'reducer')::integer else 0 end
$$;
comment on function private.reducer_of(jsonb) is 'Which reducer made a manifest, by its meta; 0 when it does not say.';

create or replace function private.source_of(p_workspace_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object('version', m.version, 'edits', coalesce(c.edits, 0), 'checksum', m.checksum,
    'answers', coalesce(c.answers, m.answers), 'business_context', coalesce(c.business_context, m.business_context))
  from private.latest_manifest(p_workspace_id) m
    left join public.workspace_context c on c.workspace_id = p_workspace_id
  where m.id is not null
$$;
comment on function private.source_of(uuid) is
  'What the current manifest of a workspace is made from by now, with its version, edits and checksum; null before the first.';

create or replace function private.keep_submitted(p_workspace_id uuid, p_answers jsonb) returns integer
language plpgsql volatile set search_path = '' as $$
declare
  v_revision integer;
begin
  insert into public.onboarding_snapshots as s (workspace_id, revision, state, answers, updated_at)
  values (p_workspace_id, 1, 'submitted', p_answers, pg_catalog.clock_timestamp())
  on conflict (workspace_id) do update
    set revision = s.revision + 1, answers = excluded.answers, updated_at = excluded.updated_at
    where s.state = 'submitted'
  returning revision into v_revision;
  return v_revision;
end $$;
comment on function private.keep_submitted(uuid, jsonb) is
  'Makes the submitted onboarding say what the current manifest is made from, and answers its revision; null where a draft is under way, which is left alone.';

create or replace function public.edit_source(
  p_workspace_id uuid, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_expected_version integer, p_expected_edits integer, p_request_id text
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_content jsonb;
  v_stored jsonb;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'edit the answers');
  v_content := private.checked_manifest(p_answers, p_business_context, p_content, p_checksum, p_token_estimate, p_meta);
  if p_expected_version is null then
    perform private.fail('PT412', 'version_conflict', 'Say which version the edit was made on.');
  end if;
  perform private.expect_version(p_workspace_id, p_expected_version, p_expected_edits);
  -- A person edited it: that confirms the content, new or not, and is no rebuild that the next one would wait for.
  v_stored := private.store_version(p_workspace_id, 'rebuild', p_answers, p_business_context, v_content, p_checksum,
    p_token_estimate, p_meta, true);
  v_stored := v_stored || pg_catalog.jsonb_build_object(
    'session_revision', private.keep_submitted(p_workspace_id, p_answers));
  perform private.audit(p_workspace_id, auth.uid(), 'bcm.rebuilt', pg_catalog.jsonb_build_object(
    'version', v_stored -> 'version', 'checksum', p_checksum, 'created', v_stored -> 'created', 'source', 'rebuild',
    'edited', true, 'forced', false), p_request_id);
  return v_stored;
end $$;
comment on function public.edit_source(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, integer, text) is
  'Stores edited answers with the manifest made of them, on the version and the number of edits that the editor saw. Content equal to the current one makes no version (created is false); the answers are kept beside it. Owners and admins.';

create or replace function public.claim_rebuilds(p_reducer integer, p_first uuid, p_last uuid, p_limit integer)
returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_limit integer := least(greatest(coalesce(p_limit, 0), 0), 100);
  v_changed uuid[];
  v_older uuid[];
begin
  -- What was changed by hand waits for nobody's turn.
  select pg_catalog.array_agg(due.workspace_id) into v_changed from (
    select c.workspace_id from public.workspace_context c
    where c.source_changed_at is not null
      and (c.rebuild_claimed_until is null or c.rebuild_claimed_until < pg_catalog.now())
    order by c.source_changed_at limit v_limit for no key update skip locked) due;
  select pg_catalog.array_agg(due.workspace_id) into v_older from (
    select c.workspace_id from public.workspace_context c
    where c.workspace_id between p_first and p_last and c.reducer < p_reducer and c.source_changed_at is null
      and (c.rebuild_claimed_until is null or c.rebuild_claimed_until < pg_catalog.now())
    order by c.workspace_id limit v_limit - coalesce(pg_catalog.cardinality(v_changed), 0)
    for no key update skip locked) due;
  update public.workspace_context set rebuild_claimed_until = pg_catalog.now() + interval '10 minutes'
  where workspace_id = any (v_changed || v_older);
  return (select coalesce(pg_catalog.jsonb_agg(
      private.source_of(id) || pg_catalog.jsonb_build_object('workspace_id', id) order by place), '[]')
    from pg_catalog.unnest(v_changed || v_older) with ordinality as claimed (id, place));
end $$;
comment on function public.claim_rebuilds(integer, uuid, uuid, integer) is
  'Workspaces whose manifest is to be made anew, with its source: those whose source was changed by hand, then those between two ids that an older reducer than p_reducer has looked at last; 100 at most, each handed out to one caller for 10 minutes. Service key only.';

create or replace function public.skip_rebuild(
  p_workspace_id uuid, p_reducer integer, p_expected_version integer, p_expected_edits integer
) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.workspace_context c
  set reducer = greatest(c.reducer, p_reducer), source_changed_at = null, rebuild_claimed_until = null
  where c.workspace_id = p_workspace_id and c.latest_version = p_expected_version and c.edits = p_expected_edits;
  return found;
end $$;
comment on function public.skip_rebuild(uuid, integer, integer, integer) is
  'Says that a reducer has looked at a source and can make nothing of it, so that the cron does not try for ever. Service key only.';

revoke all on function private.note_source_change(), private.reducer_of(jsonb), private.source_of(uuid),
  private.keep_submitted(uuid, jsonb),
  public.edit_source(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, integer, text),
  public.claim_rebuilds(integer, uuid, uuid, integer), public.skip_rebuild(uuid, integer, integer, integer)
  from public, anon, authenticated;
grant execute on function public.edit_source(uuid, jsonb, jsonb, text, text, integer, jsonb, integer, integer, text)
  to authenticated;
-- read_source() runs with its caller's rights and asks for the membership first.
grant execute on function private.source_of(uuid), private.latest_manifest(uuid) to authenticated;
grant execute on function public.claim_rebuilds(integer, uuid, uuid, integer),
  public.skip_rebuild(uuid, integer, integer, integer) to service_role;
