-- Plainer sentences for people: the same functions as in 019, 021 and 031, with other texts.

create or replace function private.no_seat(p_seats integer) returns void
language sql volatile set search_path = '' as $$
  select private.fail('PT409', 'plan_limit_reached', pg_catalog.format(
    'All %s seat(s) of the plan are taken by members or open invitations; choose a larger plan, or free a seat.', p_seats))
$$;

create or replace function private.expect_version(
  p_workspace_id uuid, p_expected_version integer, p_expected_edits integer
) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_version integer := (private.latest_manifest(p_workspace_id)).version;
  v_edits integer := coalesce((select c.edits from public.workspace_context c where c.workspace_id = p_workspace_id), 0);
begin
  if v_version is distinct from p_expected_version then
    perform private.fail('PT412', 'version_conflict', case when v_version is null then 'The workspace has no manifest yet.'
      else pg_catalog.format('The manifest is now at version %s; read it and try again.', v_version) end);
  end if;
  if v_edits is distinct from p_expected_edits then
    perform private.fail('PT412', 'version_conflict', 'The answers have been edited in the meantime; read them and try again.');
  end if;
end $$;

create or replace function public.decide_suggestion(
  p_workspace_id uuid, p_suggestion_id uuid, p_state text, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_suggestion public.context_suggestions;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'accept or dismiss a suggestion');
  if p_state is null or p_state not in ('accepted', 'dismissed') then
    perform private.fail('PT422', 'status_unknown', 'A suggestion can be accepted or dismissed.');
  end if;
  select * into v_suggestion from public.context_suggestions
  where id = p_suggestion_id and workspace_id = p_workspace_id for update;
  if not found then
    perform private.fail('PT404', 'suggestion_not_found', 'There is no such suggestion in this workspace.');
  end if;
  if v_suggestion.state = 'open' then
    update public.context_suggestions set state = p_state, decided_by = auth.uid(), decided_at = pg_catalog.now()
    where id = p_suggestion_id returning * into v_suggestion;
    perform private.audit(p_workspace_id, auth.uid(), 'bcm.enriched', pg_catalog.jsonb_build_object(
      'suggestion', p_suggestion_id, 'field', v_suggestion.field, 'state', p_state), p_request_id);
  elsif v_suggestion.state <> p_state then
    perform private.fail('PT409', 'suggestion_decided',
      pg_catalog.format('Someone has already %s this suggestion.', v_suggestion.state));
  end if;
  return private.suggestion_json(v_suggestion);
end $$;
