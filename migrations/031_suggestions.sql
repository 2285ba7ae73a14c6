-- What a language model suggests for answers. A suggestion changes nothing: a person accepts it, and saves it themselves.

create table if not exists public.suggestion_requests (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null constraint suggestion_requests_workspace_id_fkey references public.workspaces (id) on delete cascade,
  fields text[] not null,
  asked_by uuid not null,
  created_at timestamptz not null default now(),
  answered_at timestamptz
);
create index if not exists suggestion_requests_workspace_id_created_at_idx
  on public.suggestion_requests (workspace_id, created_at);
comment on table public.suggestion_requests is
  'Every time that a model was asked, answered or not: each costs money, and a workspace has so many a day.';
comment on column public.suggestion_requests.asked_by is 'Auth user id.';

create table if not exists public.context_suggestions (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null constraint context_suggestions_workspace_id_fkey references public.workspaces (id) on delete cascade,
  request_id uuid not null
    constraint context_suggestions_request_id_fkey references public.suggestion_requests (id) on delete cascade,
  field text not null constraint context_suggestions_field_check check (char_length(field) between 1 and 64),
  answer jsonb not null constraint context_suggestions_answer_check
    check ((jsonb_typeof(answer) = 'string' or jsonb_typeof(answer) = 'array') and octet_length(answer::text) <= 32768),
  state text not null default 'open'
    constraint context_suggestions_state_check check (state in ('open', 'accepted', 'dismissed')),
  model text not null constraint context_suggestions_model_check check (char_length(model) <= 200),
  created_at timestamptz not null default now(),
  decided_by uuid,
  decided_at timestamptz
);
create unique index if not exists context_suggestions_open_key
  on public.context_suggestions (workspace_id, field) where state = 'open';
create index if not exists context_suggestions_workspace_id_idx on public.context_suggestions (workspace_id);
create index if not exists context_suggestions_request_id_idx on public.context_suggestions (request_id);
comment on table public.context_suggestions is
  'What a model suggests for one answer, one open suggestion a field. Never read by anything that makes a manifest.';
comment on column public.context_suggestions.answer is 'As the question takes it: a text or a list of texts.';
comment on column public.context_suggestions.decided_by is 'Auth user id; null where a newer suggestion took its place.';

select private.reset_access('public.suggestion_requests');
grant select on public.suggestion_requests to service_role;
create policy "No client reads requests for suggestions" on public.suggestion_requests
  for all to anon, authenticated using (false);
select private.reset_access('public.context_suggestions');
grant select on public.context_suggestions to authenticated, service_role;
create policy "Members see the suggestions of their workspaces" on public.context_suggestions
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));

create or replace function private.suggestion_json(p_suggestion public.context_suggestions) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object('id', (p_suggestion).id, 'field', (p_suggestion).field,
    'answer', (p_suggestion).answer, 'state', (p_suggestion).state, 'model', (p_suggestion).model,
    'created_at', private.rfc3339((p_suggestion).created_at))
$$;
comment on function private.suggestion_json(public.context_suggestions) is 'A suggestion as the API shows it.';

create or replace function public.begin_suggestions(p_workspace_id uuid, p_fields text[]) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_answers jsonb;
  v_id uuid;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'ask for suggestions');
  if coalesce(pg_catalog.cardinality(p_fields), 0) not between 1 and 5
    or exists (select from pg_catalog.unnest(p_fields) f where f is null or pg_catalog.char_length(f) not between 1 and 64) then
    perform private.fail('PT422', 'fields_invalid', 'Name 1 to 5 fields.');
  end if;
  perform private.current_offer(p_workspace_id);
  v_answers := private.source_of(p_workspace_id) -> 'answers';
  if v_answers is null then
    perform private.fail('PT404', 'manifest_not_found', 'Finish onboarding first: suggestions are made from its answers.');
  end if;
  -- Unanswered ones count: they cost as much.
  if (select count(*) from public.suggestion_requests
      where workspace_id = p_workspace_id and created_at > pg_catalog.now() - interval '1 day') >= 20 then
    perform private.fail('PT429', 'too_many_suggestions', 'A workspace may ask for suggestions 20 times a day; come back tomorrow.');
  end if;
  insert into public.suggestion_requests (workspace_id, fields, asked_by)
  values (p_workspace_id, p_fields, auth.uid()) returning id into v_id;
  return pg_catalog.jsonb_build_object('id', v_id, 'answers', v_answers);
end $$;
comment on function public.begin_suggestions(uuid, text[]) is
  'Notes that a model is asked about 1 to 5 fields, 20 times a day at most, and gives the answers it is told. Owners and admins with a plan.';

create or replace function public.keep_suggestions(p_id uuid, p_model text, p_suggestions jsonb, p_request_id text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_request public.suggestion_requests;
begin
  select * into v_request from public.suggestion_requests where id = p_id;
  if not found then
    perform private.fail('PT404', 'suggestion_not_found', 'There is no such request.');
  end if;
  perform from public.workspaces where id = v_request.workspace_id for no key update;
  -- A repeat finds what the first one kept.
  update public.suggestion_requests set answered_at = pg_catalog.now() where id = p_id and answered_at is null;
  if found then
    update public.context_suggestions set state = 'dismissed', decided_at = pg_catalog.now()
    where workspace_id = v_request.workspace_id and state = 'open'
      and field in (select s ->> 'field' from pg_catalog.jsonb_array_elements(p_suggestions) s);
    insert into public.context_suggestions (workspace_id, request_id, field, answer, model)
    select v_request.workspace_id, p_id, s ->> 'field', s -> 'answer', p_model
    from pg_catalog.jsonb_array_elements(p_suggestions) s where s ->> 'field' = any (v_request.fields);
    perform private.audit(v_request.workspace_id, v_request.asked_by, 'bcm.enriched',
      pg_catalog.jsonb_build_object('request', p_id, 'model', p_model, 'fields',
        (select pg_catalog.jsonb_agg(field order by field) from public.context_suggestions where request_id = p_id)),
      p_request_id);
  end if;
  return (select coalesce(pg_catalog.jsonb_agg(private.suggestion_json(c) order by c.field), '[]')
          from public.context_suggestions c where c.request_id = p_id);
end $$;
comment on function public.keep_suggestions(uuid, text, jsonb, text) is
  'Keeps what a model answered to one request, in place of older open suggestions for the same fields; a repeat keeps nothing. Service key only.';

create or replace function public.list_suggestions(p_workspace_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform public.read_membership(p_workspace_id);
  return (select coalesce(pg_catalog.jsonb_agg(private.suggestion_json(c) order by c.field), '[]')
          from public.context_suggestions c where c.workspace_id = p_workspace_id and c.state = 'open');
end $$;
comment on function public.list_suggestions(uuid) is 'The open suggestions of a workspace. Any member.';

create or replace function public.decide_suggestion(
  p_workspace_id uuid, p_suggestion_id uuid, p_state text, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_suggestion public.context_suggestions;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin}', 'decide about a suggestion');
  if p_state is null or p_state not in ('accepted', 'dismissed') then
    perform private.fail('PT422', 'status_unknown', 'A suggestion is accepted or dismissed.');
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
    perform private.fail('PT409', 'suggestion_decided', pg_catalog.format('This suggestion is %s already.', v_suggestion.state));
  end if;
  return private.suggestion_json(v_suggestion);
end $$;
comment on function public.decide_suggestion(uuid, uuid, text, text) is
  'Marks a suggestion accepted or dismissed, and nothing else; repeating a decision changes nothing. Owners and admins.';

revoke all on function private.suggestion_json(public.context_suggestions), public.begin_suggestions(uuid, text[]),
  public.keep_suggestions(uuid, text, jsonb, text), public.list_suggestions(uuid),
  public.decide_suggestion(uuid, uuid, text, text) from public, anon, authenticated;
grant execute on function public.begin_suggestions(uuid, text[]), public.list_suggestions(uuid),
  public.decide_suggestion(uuid, uuid, text, text) to authenticated;
grant execute on function public.keep_suggestions(uuid, text, jsonb, text) to service_role;
