% A number of gen_servers, each below a supervisor of its own: one supervisor of
% them all would look through its restarts of the last second at each new one. A
% line of standard input says how often each is to crash; a line of standard
% output says that each has been started again as often.
-module(otp).
-export([main/1, init/1, start/3, handle_call/3, handle_cast/2, handle_info/2]).

main([Children]) ->
    logger:set_primary_config(level, none),
    All = lists:seq(1, list_to_integer(Children)),
    Left = counters:new(length(All), [write_concurrency]),
    [{ok, _} = supervisor:start_link(?MODULE, {supervisor, Id, Left, self()}) || Id <- All],
    loop(All, Left).

loop(All, Left) ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            Times = list_to_integer(string:trim(Line)),
            [counters:put(Left, Id, Times) || Id <- All],
            [name(Id) ! crash || Id <- All],
            [receive done -> ok end || _ <- All],
            io:put_chars("done\n"),
            loop(All, Left)
    end.

name(Id) -> list_to_atom("child" ++ integer_to_list(Id)).

start(Id, Left, Main) -> gen_server:start_link({local, name(Id)}, ?MODULE, {child, Id, Left, Main}, []).

init({supervisor, Id, Left, Main}) ->
    {ok, {#{intensity => 1000000000, period => 1}, [#{id => Id, start => {?MODULE, start, [Id, Left, Main]}}]}};
init({child, Id, Left, Main}) ->
    counters:sub(Left, Id, 1),
    case counters:get(Left, Id) of
        0 -> Main ! done;
        More when More > 0 -> self() ! crash;
        _ -> counters:put(Left, Id, 0) % it starts for the first time
    end,
    {ok, none}.

handle_call(_, _, State) -> {reply, ok, State}.
handle_cast(_, State) -> {noreply, State}.
handle_info(crash, _) -> exit(told).
