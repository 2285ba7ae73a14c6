-- Checking and numbering manifest versions, writing the first one of an onboarding, and reading the current one.

-- RFC 8785 for what a manifest holds. jsonb's own text already escapes strings as the RFC asks; keys need sorting, and
-- numbers need their trailing zeros gone. Refused, because the text here could differ from a reader's: numbers that a
-- double does not hold to the digit or that the RFC writes with an exponent, and keys beyond the basic plane, which
-- sort by UTF-16 there and by bytes here. No content of the reducer ever has one.
create or replace function private.canonical_json(p_value jsonb, p_depth integer default 32) returns text
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  v_number numeric;
begin
  if p_depth < 1 then
    perform private.fail('PT422', 'manifest_not_canonical', 'The manifest content is nested deeper than 32 levels.');
  end if;
  if pg_catalog.jsonb_typeof(p_value) = 'number' then
    v_number := (p_value #>> '{}')::numeric;
    if pg_catalog.abs(v_number) >= 1e21 or (v_number <> 0 and pg_catalog.abs(v_number) < 1e-6)
       or v_number::double precision::numeric <> v_number then
      perform private.fail('PT422', 'manifest_not_canonical', 'The manifest content has a number that readers could write differently.');
    end if;
  elsif pg_catalog.jsonb_typeof(p_value) = 'object'
        and exists (select from pg_catalog.jsonb_object_keys(p_value) as k where k ~ '[^\u0001-\uffff]') then
    perform private.fail('PT422', 'manifest_not_canonical', 'The manifest content has a key beyond the basic plane.');
  end if;
  return case pg_catalog.jsonb_typeof(p_value)
    when 'object' then '{' || coalesce((
      select pg_catalog.string_agg(
        pg_catalog.to_jsonb(e.key)::text || ':' || private.canonical_json(e.value, p_depth - 1), ','
        order by e.key collate pg_catalog."C")
      from pg_catalog.jsonb_each(p_value) e), '') || '}'
    when 'array' then '[' || coalesce((
      select pg_catalog.string_agg(private.canonical_json(e.value, p_depth - 1), ',' order by e.ordinality)
      from pg_catalog.jsonb_array_elements(p_value) with ordinality e), '') || ']'
    when 'number' then pg_catalog.trim_scale(v_number)::text
    else p_value::text
  end;
end $$;
comment on function private.canonical_json(jsonb, integer) is
  'The RFC 8785 canonical text of a manifest''s content, to check that a checksum can be reproduced from what is stored.';

create or replace function private.check_object(p_value jsonb, p_limit integer, p_name text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_value is null or pg_catalog.jsonb_typeof(p_value) <> 'object' then
    perform private.fail('PT422', p_name || '_invalid', pg_catalog.format('The argument %s must be a JSON object.', p_name));
  end if;
  if pg_catalog.octet_length(p_value::text) > p_limit then
    perform private.fail('PT422', p_name || '_too_large',
      pg_catalog.format('The argument %s may hold %s KB of JSON at most.', p_name, p_limit / 1024));
  end if;
end $$;
comment on function private.check_object(jsonb, integer, text) is
  'Refuses an argument that is no JSON object or is larger than the limit in bytes.';

-- Text in, jsonb out, only when the checksum is that of the text and the text is what the stored value reads back as:
-- otherwise a reader could never verify the manifest.
create or replace function private.checked_content(p_content text, p_checksum text, p_token_estimate integer)
returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_content jsonb;
begin
  if p_content is null or pg_catalog.octet_length(p_content) > 16384 then
    perform private.fail('PT422', case when p_content is null then 'manifest_invalid' else 'manifest_too_large' end,
      'The manifest content must be given and may hold 16 KB at most.');
  end if;
  if p_token_estimate is null or p_token_estimate not between 1 and 1200 then
    perform private.fail('PT422', 'token_estimate_out_of_range', 'The token estimate must be between 1 and 1200.');
  end if;
  if p_checksum is null
     or pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p_content, 'UTF8')), 'hex') <> p_checksum then
    perform private.fail('PT422', 'checksum_mismatch', 'The checksum is not the SHA-256 of the manifest content.');
  end if;
  begin
    v_content := p_content::jsonb;
  exception when others then
    perform private.fail('PT422', 'manifest_invalid', 'The manifest content is not JSON that the database can store.');
  end;
  if pg_catalog.jsonb_typeof(v_content) <> 'object' then
    perform private.fail('PT422', 'manifest_invalid', 'The manifest content must be a JSON object.');
  end if;
  if private.canonical_json(v_content) <> p_content then
    perform private.fail('PT422', 'manifest_not_canonical', 'The manifest content is not in RFC 8785 canonical form.');
  end if;
  return v_content;
end $$;
comment on function private.checked_content(text, text, integer) is
  'The content of a manifest once size, token estimate, checksum and canonical form have been checked.';

create or replace function private.checked_manifest(
  p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text, p_token_estimate integer, p_meta jsonb
) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_content jsonb;
begin
  perform private.check_object(p_answers, 262144, 'answers');
  perform private.check_object(p_business_context, 262144, 'business_context');
  perform private.check_object(p_meta, 16384, 'meta');
  v_content := private.checked_content(p_content, p_checksum, p_token_estimate);
  if (p_meta -> 'token_estimate') is distinct from pg_catalog.to_jsonb(p_token_estimate)
     or pg_catalog.jsonb_typeof(p_meta -> 'dropped') is distinct from 'array'
     or pg_catalog.jsonb_typeof(p_meta -> 'missing') is distinct from 'array' then
    perform private.fail('PT422', 'meta_invalid',
      'The argument meta must have token_estimate, equal to the argument of that name, and the lists dropped and missing.');
  end if;
  return v_content;
end $$;
comment on function private.checked_manifest(jsonb, jsonb, text, text, integer, jsonb) is
  'The content of a manifest once everything that comes with it has been checked.';

create or replace function private.latest_manifest(p_workspace_id uuid) returns public.business_context_manifests
language sql stable set search_path = '' as $$
  select m.* from public.business_context_manifests m
  where m.workspace_id = p_workspace_id order by m.version desc limit 1
$$;
comment on function private.latest_manifest(uuid) is
  'The newest version of a workspace''s manifest, by one look into an index however long the history is; null for none.';

create or replace function private.store_version(
  p_workspace_id uuid, p_source text, p_answers jsonb, p_business_context jsonb, p_content jsonb, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_confirm boolean
) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  v_latest public.business_context_manifests := private.latest_manifest(p_workspace_id);
  v_created boolean := v_latest.checksum is distinct from p_checksum;
  v_now timestamptz := pg_catalog.clock_timestamp(); -- after the wait for the lock, so that times never run backwards
  v_context public.workspace_context;
  v_edited boolean;
begin
  if v_created then
    insert into public.business_context_manifests (workspace_id, version, parent_version, source, content, checksum,
      business_context, answers, token_estimate, meta, created_at)
    values (p_workspace_id, coalesce(v_latest.version, 0) + 1, v_latest.version, p_source, p_content, p_checksum,
      p_business_context, p_answers, p_token_estimate, p_meta, v_now)
    returning * into v_latest;
  end if;
  select * into v_context from public.workspace_context where workspace_id = p_workspace_id;
  -- Restoring what is current already changes nothing, not even when it was confirmed.
  if v_created or p_source <> 'restore' then
    -- Equal content can come from other answers, of which the reducer kept the same. A person's are kept beside the version.
    v_edited := p_confirm and not v_created and (p_answers, p_business_context - 'generated_at') is distinct from (
      coalesce(v_context.answers, v_latest.answers),
      coalesce(v_context.business_context, v_latest.business_context) - 'generated_at');
    insert into public.workspace_context as c (workspace_id, latest_version, confirmed_at, reducer)
    values (p_workspace_id, v_latest.version, v_now, private.reducer_of(p_meta))
    on conflict (workspace_id) do update set latest_version = excluded.latest_version,
      confirmed_at = case when p_confirm then excluded.confirmed_at else c.confirmed_at end,
      reducer = case when v_created then excluded.reducer else greatest(c.reducer, excluded.reducer) end,
      edits = case when v_created then 0 when v_edited then c.edits + 1 else c.edits end,
      answers = case when v_created then null when v_edited then p_answers else c.answers end,
      business_context = case when v_created then null when v_edited then p_business_context else c.business_context end,
      source_changed_at = null, rebuild_claimed_until = null
    returning * into v_context;
  end if;
  return pg_catalog.jsonb_build_object(
    'version', v_latest.version, 'checksum', v_latest.checksum, 'created', v_created, 'source', v_latest.source,
    'meta', v_latest.meta, 'generated_at', private.rfc3339(v_latest.created_at),
    'confirmed_at', private.rfc3339(v_context.confirmed_at), 'edits', v_context.edits);
end $$;
comment on function private.store_version(uuid, text, jsonb, jsonb, jsonb, text, integer, jsonb, boolean) is
  'The one place that numbers versions: the next one for new content, none (created is false) for content equal to the current one, which a restore leaves as it is and a person may give another source. p_confirm says that a person stands behind it now. The caller holds the workspace''s lock and has checked everything.';

-- Of an earlier shape, which named no revision.
drop function if exists public.finalize_onboarding(uuid, jsonb, jsonb, text, text, integer, jsonb, text);

create or replace function public.finalize_onboarding(
  p_workspace_id uuid, p_answers jsonb, p_business_context jsonb, p_content text, p_checksum text,
  p_token_estimate integer, p_meta jsonb, p_request_id text, p_revision integer default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_content jsonb;
  v_stored jsonb;
  v_revision integer;
begin
  -- 1. Who asks, and one writer per workspace from here on. Answers of a session are not older than the snapshot: a cache
  -- that was away may not know what was saved or submitted meanwhile.
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'submit the onboarding');
  if exists (select from public.onboarding_snapshots s where s.workspace_id = p_workspace_id and s.revision > p_revision
             and (s.state <> 'submitted' or s.answers <> p_answers)) then
    perform private.fail('PT412', 'revision_conflict', 'There are newer answers than those of this revision.');
  end if;
  -- 2. What they bring.
  v_content := private.checked_manifest(p_answers, p_business_context, p_content, p_checksum, p_token_estimate, p_meta);
  -- 3. A new version only for new content; being submitted confirms the content either way.
  v_stored := private.store_version(p_workspace_id, 'onboarding', p_answers, p_business_context, v_content, p_checksum,
    p_token_estimate, p_meta, true);

  -- 4. Submitting is one-way: an autosave that arrives late must not reopen the draft. The snapshot may have been some
  -- saves behind, or missing; it becomes what was submitted, so that submitting again from it changes nothing, not even
  -- the number, which would else rise above that of newer answers.
  insert into public.onboarding_snapshots as s (workspace_id, revision, state, answers, updated_at)
  values (p_workspace_id, coalesce(p_revision, 0) + 1, 'submitted', p_answers, pg_catalog.clock_timestamp())
  on conflict (workspace_id) do update
    set revision = case when s.state = 'submitted' and s.answers = excluded.answers and s.revision >= coalesce(p_revision, 0)
        then s.revision else greatest(s.revision, p_revision) + 1 end,
      state = 'submitted', answers = excluded.answers, updated_at = excluded.updated_at
  returning s.revision into v_revision;

  -- 5. The owner is through, if this is the workspace that stands for them at the gate.
  update public.users u set onboarding_status = 'completed'
  from public.workspaces w
  where w.id = p_workspace_id and u.id = w.owner_id and u.onboarding_status <> 'completed'
    and private.own_workspace(u.id) = p_workspace_id;

  perform private.audit(p_workspace_id, auth.uid(), 'onboarding.finalized', pg_catalog.jsonb_build_object(
    'version', v_stored -> 'version', 'checksum', p_checksum, 'created', v_stored -> 'created'), p_request_id);
  return v_stored || pg_catalog.jsonb_build_object('session_revision', v_revision);
end $$;
comment on function public.finalize_onboarding(uuid, jsonb, jsonb, text, text, integer, jsonb, text, integer) is
  'Stores the submitted onboarding as the next manifest version and marks the onboarding completed and its draft submitted, in one transaction. Content equal to the current version makes no new one; answers of a session older than the snapshot, by p_revision, are refused. Owners and admins.';

create or replace function public.read_manifest(p_workspace_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  v_membership jsonb := public.read_membership(p_workspace_id);
  v_context public.workspace_context;
  v_manifest jsonb;
begin
  -- Two statements on one snapshot. A join may be planned to look through all of a workspace's versions for the one.
  select * into v_context from public.workspace_context where workspace_id = p_workspace_id;
  select pg_catalog.jsonb_build_object(
    'version', m.version, 'checksum', m.checksum, 'source', m.source,
    'generated_at', private.rfc3339(m.created_at), 'confirmed_at', private.rfc3339(v_context.confirmed_at),
    'content', m.content, 'token_estimate', m.token_estimate, 'meta', m.meta)
  into v_manifest
  from public.business_context_manifests m
  where m.workspace_id = p_workspace_id and m.version = v_context.latest_version;
  return pg_catalog.jsonb_build_object('membership', v_membership, 'manifest', v_manifest);
end $$;
comment on function public.read_manifest(uuid) is
  'The current manifest of a workspace together with the caller''s membership in it; manifest is null before the first onboarding.';

revoke all on function private.canonical_json(jsonb, integer), private.check_object(jsonb, integer, text),
  private.checked_content(text, text, integer), private.checked_manifest(jsonb, jsonb, text, text, integer, jsonb),
  private.latest_manifest(uuid),
  private.store_version(uuid, text, jsonb, jsonb, jsonb, text, integer, jsonb, boolean),
  public.finalize_onboarding(uuid, jsonb, jsonb, text, text, integer, jsonb, text, integer),
  public.read_manifest(uuid) from public, anon, authenticated;
grant execute on function public.finalize_onboarding(uuid, jsonb, jsonb, text, text, integer, jsonb, text, integer),
  public.read_manifest(uuid) to authenticated;
