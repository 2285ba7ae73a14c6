-- Moves (what is done in a week) and campaigns, within what the plan allows.

create table if not exists public.moves (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null constraint moves_workspace_id_fkey references public.workspaces (id) on delete cascade,
  title text not null constraint moves_title_check check (char_length(title) between 1 and 200),
  description text not null default '' constraint moves_description_check check (char_length(description) <= 4000),
  status text not null default 'planned'
    constraint moves_status_check check (status in ('planned', 'active', 'completed', 'cancelled')),
  week date not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists moves_workspace_id_week_idx on public.moves (workspace_id, week);
create index if not exists moves_workspace_id_created_at_idx on public.moves (workspace_id, created_at desc, id desc);
comment on table public.moves is 'What a workspace sets out to do. The plan limits how many are made in a week.';
comment on column public.moves.week is 'Monday of the week in which the move was made, by the calendar of India.';
comment on column public.moves.created_by is 'Auth user id.';

create table if not exists public.campaigns (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null constraint campaigns_workspace_id_fkey references public.workspaces (id) on delete cascade,
  name text not null constraint campaigns_name_check check (char_length(name) between 1 and 200),
  objective text not null default '' constraint campaigns_objective_check check (char_length(objective) <= 4000),
  status text not null default 'draft'
    constraint campaigns_status_check check (status in ('draft', 'active', 'paused', 'completed')),
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index if not exists campaigns_active_idx on public.campaigns (workspace_id) where status = 'active';
create index if not exists campaigns_workspace_id_created_at_idx
  on public.campaigns (workspace_id, created_at desc, id desc);
comment on table public.campaigns is 'Campaigns of a workspace. The plan limits how many are active at once.';
comment on column public.campaigns.created_by is 'Auth user id.';

create or replace trigger touch_updated_at before update on public.moves
  for each row execute function private.touch_updated_at();
create or replace trigger touch_updated_at before update on public.campaigns
  for each row execute function private.touch_updated_at();

select private.reset_access('public.moves');
grant select on public.moves to authenticated, service_role;
create policy "Members see the moves of their workspaces" on public.moves
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));
select private.reset_access('public.campaigns');
grant select on public.campaigns to authenticated, service_role;
create policy "Members see the campaigns of their workspaces" on public.campaigns
  for select to authenticated using (workspace_id = any (array(select private.my_workspace_ids('{owner,admin,member}'))));

create or replace function private.week_of(p_at timestamptz) returns date
language sql immutable parallel safe set search_path = '' as $$
  select pg_catalog.date_trunc('week', p_at at time zone 'Asia/Kolkata')::date
$$;
comment on function private.week_of(timestamptz) is
  'Monday of the week of an instant; weeks turn at Monday 00:00 in India. The only place that says when a week begins.';

create or replace function private.checked_text(p_value text, p_name text, p_min integer, p_max integer) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_value text := pg_catalog.btrim(coalesce(p_value, ''), E' \t\r\n');
begin
  if pg_catalog.char_length(v_value) not between p_min and p_max then
    perform private.fail('PT422', p_name || '_invalid',
      pg_catalog.format('The %s must have %s to %s characters.', p_name, p_min, p_max));
  end if;
  return v_value;
end $$;
comment on function private.checked_text(text, text, integer, integer) is
  'A trimmed text, refused when it has fewer or more characters than allowed.';

create or replace function private.move_json(p_move public.moves) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object('id', (p_move).id, 'title', (p_move).title, 'description', (p_move).description,
    'status', (p_move).status, 'week', (p_move).week, 'created_at', private.rfc3339((p_move).created_at),
    'updated_at', private.rfc3339((p_move).updated_at))
$$;
comment on function private.move_json(public.moves) is 'A move as the API shows it.';

create or replace function private.campaign_json(p_campaign public.campaigns) returns jsonb
language sql stable set search_path = '' as $$
  select pg_catalog.jsonb_build_object('id', (p_campaign).id, 'name', (p_campaign).name,
    'objective', (p_campaign).objective, 'status', (p_campaign).status,
    'created_at', private.rfc3339((p_campaign).created_at), 'updated_at', private.rfc3339((p_campaign).updated_at))
$$;
comment on function private.campaign_json(public.campaigns) is 'A campaign as the API shows it.';

-- -------------------------------------------------------------------------------------------------------- moves

create or replace function public.create_move(
  p_workspace_id uuid, p_title text, p_description text default '', p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_title text;
  v_description text;
  v_limit integer;
  v_move public.moves;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin,member}', 'make a move');
  v_title := private.checked_text(p_title, 'title', 1, 200);
  v_description := private.checked_text(p_description, 'description', 0, 4000);
  v_limit := (private.current_offer(p_workspace_id)).moves_per_week;
  -- Every move of the week counts, whatever became of it: cancelling one does not buy another.
  if (select count(*) from public.moves
      where workspace_id = p_workspace_id and week = private.week_of(pg_catalog.now())) >= v_limit then
    perform private.fail('PT409', 'plan_limit_reached', pg_catalog.format(
      'The plan allows %s moves a week, and all of this week''s are made; choose a larger plan, or wait for Monday.', v_limit));
  end if;
  insert into public.moves (workspace_id, title, description, week, created_by)
  values (p_workspace_id, v_title, v_description, private.week_of(pg_catalog.now()), auth.uid())
  returning * into v_move;
  perform private.audit(p_workspace_id, auth.uid(), 'move.created',
    pg_catalog.jsonb_build_object('move_id', v_move.id, 'week', v_move.week), p_request_id);
  return private.move_json(v_move);
end $$;
comment on function public.create_move(uuid, text, text, text) is
  'Makes a planned move, if the plan has one left this week. Any member.';

create or replace function public.set_move_status(
  p_workspace_id uuid, p_move_id uuid, p_status text, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_move public.moves;
  v_from text;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin,member}', 'change a move');
  if p_status is null or p_status not in ('planned', 'active', 'completed', 'cancelled') then
    perform private.fail('PT422', 'status_unknown', 'A move is planned, active, completed or cancelled.');
  end if;
  perform private.current_offer(p_workspace_id);
  select * into v_move from public.moves where id = p_move_id and workspace_id = p_workspace_id for update;
  if not found then
    perform private.fail('PT404', 'move_not_found', 'There is no such move in this workspace.');
  end if;
  v_from := v_move.status;
  if v_from <> p_status then
    update public.moves set status = p_status where id = p_move_id returning * into v_move;
    perform private.audit(p_workspace_id, auth.uid(), 'move.status_changed',
      pg_catalog.jsonb_build_object('move_id', p_move_id, 'from', v_from, 'to', p_status), p_request_id);
  end if;
  return private.move_json(v_move) || pg_catalog.jsonb_build_object('changed', v_from <> p_status);
end $$;
comment on function public.set_move_status(uuid, uuid, text, text) is 'Says where a move stands. Any member.';

create or replace function public.list_moves(p_workspace_id uuid, p_before uuid default null, p_limit integer default 20)
returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_limit integer := coalesce(p_limit, 20);
  v_from public.moves;
  v_rows public.moves[];
begin
  perform public.read_membership(p_workspace_id);
  if v_limit not between 1 and 100 then
    perform private.fail('PT422', 'limit_out_of_range', 'The limit must be between 1 and 100.');
  end if;
  select * into v_from from public.moves where id = p_before and workspace_id = p_workspace_id;
  if p_before is not null and not found then
    perform private.fail('PT422', 'cursor_unknown', 'The page begins after a move that is not there; start from the first page.');
  end if;
  -- One more than a page: whether there is another one.
  v_rows := array(select m from public.moves m
    where m.workspace_id = p_workspace_id
      and (p_before is null or (m.created_at, m.id) < (v_from.created_at, v_from.id))
    order by m.created_at desc, m.id desc limit v_limit + 1);
  return pg_catalog.jsonb_build_object(
    'moves', (select coalesce(pg_catalog.jsonb_agg(private.move_json(r) order by r.created_at desc, r.id desc), '[]')
              from pg_catalog.unnest(v_rows[1:v_limit]) r),
    'next_before', case when pg_catalog.cardinality(v_rows) > v_limit then (v_rows[v_limit]).id end);
end $$;
comment on function public.list_moves(uuid, uuid, integer) is
  'Moves of a workspace, newest first, 1 to 100; next_before is the next page''s p_before, or null. Any member.';

-- ---------------------------------------------------------------------------------------------------- campaigns

create or replace function private.check_campaign_limit(p_workspace_id uuid) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_limit integer := (private.current_offer(p_workspace_id)).active_campaigns;
begin
  if (select count(*) from public.campaigns where workspace_id = p_workspace_id and status = 'active') >= v_limit then
    perform private.fail('PT409', 'plan_limit_reached', pg_catalog.format(
      'The plan allows %s active campaigns; pause or complete one, or choose a larger plan.', v_limit));
  end if;
end $$;
comment on function private.check_campaign_limit(uuid) is
  'Refuses one more active campaign when the plan has none left. The caller holds the workspace''s lock.';

create or replace function public.create_campaign(
  p_workspace_id uuid, p_name text, p_objective text default '', p_status text default 'draft',
  p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_name text;
  v_objective text;
  v_campaign public.campaigns;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin,member}', 'make a campaign');
  v_name := private.checked_text(p_name, 'name', 1, 200);
  v_objective := private.checked_text(p_objective, 'objective', 0, 4000);
  if p_status is null or p_status not in ('draft', 'active') then
    perform private.fail('PT422', 'status_unknown', 'A campaign begins as draft or active.');
  end if;
  if p_status = 'active' then
    perform private.check_campaign_limit(p_workspace_id);
  else
    perform private.current_offer(p_workspace_id);
  end if;
  insert into public.campaigns (workspace_id, name, objective, status, created_by)
  values (p_workspace_id, v_name, v_objective, p_status, auth.uid())
  returning * into v_campaign;
  perform private.audit(p_workspace_id, auth.uid(), 'campaign.created',
    pg_catalog.jsonb_build_object('campaign_id', v_campaign.id, 'status', p_status), p_request_id);
  return private.campaign_json(v_campaign);
end $$;
comment on function public.create_campaign(uuid, text, text, text, text) is
  'Makes a campaign as draft, or active if the plan has one left. Any member.';

create or replace function public.set_campaign_status(
  p_workspace_id uuid, p_campaign_id uuid, p_status text, p_request_id text default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_campaign public.campaigns;
  v_from text;
begin
  perform private.lock_workspace(p_workspace_id, '{owner,admin,member}', 'change a campaign');
  if p_status is null or p_status not in ('draft', 'active', 'paused', 'completed') then
    perform private.fail('PT422', 'status_unknown', 'A campaign is draft, active, paused or completed.');
  end if;
  perform private.current_offer(p_workspace_id);
  select * into v_campaign from public.campaigns where id = p_campaign_id and workspace_id = p_workspace_id for update;
  if not found then
    perform private.fail('PT404', 'campaign_not_found', 'There is no such campaign in this workspace.');
  end if;
  v_from := v_campaign.status;
  if v_from <> p_status then
    if p_status = 'active' then
      perform private.check_campaign_limit(p_workspace_id);
    end if;
    update public.campaigns set status = p_status where id = p_campaign_id returning * into v_campaign;
    perform private.audit(p_workspace_id, auth.uid(), 'campaign.status_changed',
      pg_catalog.jsonb_build_object('campaign_id', p_campaign_id, 'from', v_from, 'to', p_status), p_request_id);
  end if;
  return private.campaign_json(v_campaign) || pg_catalog.jsonb_build_object('changed', v_from <> p_status);
end $$;
comment on function public.set_campaign_status(uuid, uuid, text, text) is
  'Says where a campaign stands; one becomes active only if the plan has one left. Any member.';

create or replace function public.list_campaigns(p_workspace_id uuid, p_before uuid default null, p_limit integer default 20)
returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_limit integer := coalesce(p_limit, 20);
  v_from public.campaigns;
  v_rows public.campaigns[];
begin
  perform public.read_membership(p_workspace_id);
  if v_limit not between 1 and 100 then
    perform private.fail('PT422', 'limit_out_of_range', 'The limit must be between 1 and 100.');
  end if;
  select * into v_from from public.campaigns where id = p_before and workspace_id = p_workspace_id;
  if p_before is not null and not found then
    perform private.fail('PT422', 'cursor_unknown', 'The page begins after a campaign that is not there; start from the first page.');
  end if;
  v_rows := array(select c from public.campaigns c
    where c.workspace_id = p_workspace_id
      and (p_before is null or (c.created_at, c.id) < (v_from.created_at, v_from.id))
    order by c.created_at desc, c.id desc limit v_limit + 1);
  return pg_catalog.jsonb_build_object(
    'campaigns', (select coalesce(pg_catalog.jsonb_agg(private.campaign_json(r) order by r.created_at desc, r.id desc), '[]')
                  from pg_catalog.unnest(v_rows[1:v_limit]) r),
    'next_before', case when pg_catalog.cardinality(v_rows) > v_limit then (v_rows[v_limit]).id end);
end $$;
comment on function public.list_campaigns(uuid, uuid, integer) is
  'Campaigns of a workspace, newest first, 1 to 100; next_before is the next page''s p_before, or null. Any member.';

revoke all on function private.week_of(timestamptz), private.checked_text(text, text, integer, integer),
  private.move_json(public.moves), private.campaign_json(public.campaigns), private.check_campaign_limit(uuid),
  public.create_move(uuid, text, text, text), public.set_move_status(uuid, uuid, text, text),
  public.list_moves(uuid, uuid, integer), public.create_campaign(uuid, text, text, text, text),
  public.set_campaign_status(uuid, uuid, text, text), public.list_campaigns(uuid, uuid, integer)
  from public, anon, authenticated;
grant execute on function public.create_move(uuid, text, text, text), public.set_move_status(uuid, uuid, text, text),
  public.list_moves(uuid, uuid, integer), public.create_campaign(uuid, text, text, text, text),
  public.set_campaign_status(uuid, uuid, text, text), public.list_campaigns(uuid, uuid, integer) to authenticated;
