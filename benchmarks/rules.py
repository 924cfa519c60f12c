"""The Python package against rule engines of PyPI, over the records of bench_rules.

    rules.py FOLDER     the folder that `bench_rules --write_corpora=FOLDER` has filled

Rows are NAME/CORPUS, the best of several rounds for one record, and records a second. `all_kinds`
has as many records of every kind, `complete` only those that the first rule decides. The peers get
the standard rule set, translated at start-up from its text by the functions below, and must give
the verdicts of the package before anything is timed; see rules.mjs for what is undecided.

`rule_engine` is rule-engine, which is written in Python and has times and durations; its Chain is
a list of rules of which the first that holds decides. `zen` is ZEN, which is written in Rust and
takes dicts and JSON: `zen_decision` is a decision table, as its users have it, and
`zen_expression` one compiled expression that says which rule it is and nothing else, which is the
least that it can do. Left out: business-rules has no `not` and no times, json-logic-qubit is of
2018, and durable-rules is made to remember facts, which is not asked for here.
"""

import datetime
import json
import pathlib
import re
import sys
import time

import jobqueue
import rule_engine
import zen


OPERATORS = {"equal": "==", "in": "in", "lessThan": "<", "greaterThanInclusive": ">="}


def steps_of(path):
    """The steps of a path: $.a[-1].b is a, -1, b."""
    return [name or int(index) for name, index in re.findall(r"\.(\w+)|\[(-?\d+)\]", path)]


def walk(value, steps):
    for step in steps:
        if isinstance(step, int):
            inside = isinstance(value, list) and -len(value) <= step < len(value)
            value = value[step] if inside else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def time_of(value):
    if isinstance(value, str):
        return datetime.datetime.fromisoformat(value)
    return datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc)


def millis_of(duration):
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    if not match:
        raise ValueError(f"cannot translate the duration {duration}")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def choose(kind, values):
    """What a definition chooses of the facts that it names."""
    if kind == "first":
        return next((value for value in values if value is not None), None)
    if kind == "firstText":
        return next((value for value in values if isinstance(value, str) and value), None)
    if kind == "latest":
        return max((time_of(value) for value in values if value is not None), default=None)
    raise ValueError(f"cannot translate a definition of the kind {kind}")


def parameter_of(condition, rules):
    value = condition["value"]
    named = isinstance(value, dict) and value.get("parameter")
    return rules["parameters"][named] if named else value


class Translation:
    """The parts that the languages of both peers have in common."""

    def __init__(self, rules):
        self.rules = rules

    def text(self, condition):
        for words, joint, empty in (("all", " and ", "true"), ("any", " or ", "false")):
            if words in condition:
                parts = [self.text(one) for one in condition[words]]
                return f"({joint.join(parts)})" if parts else empty
        if "not" in condition:
            return f"not ({self.text(condition['not'])})"
        if "condition" in condition:
            return f"({self.text(self.rules['conditions'][condition['condition']])})"
        return self.comparison(condition)

    def comparison(self, condition):
        fact = self.fact(condition["fact"], condition.get("path", ""))
        value = parameter_of(condition, self.rules)
        operator = condition["operator"]
        if operator == "olderThan":
            return self.older(fact, value)
        right = self.fact(value["fact"], "") if isinstance(value, dict) else json.dumps(value)
        if operator in ("exists", "hasText"):
            holds = self.has_text(fact) if operator == "hasText" else f"({fact} != null)"
            return holds if value else f"not {holds}"
        return f"{fact} {OPERATORS[operator]} {right}"


class RuleEngine(Translation):
    """Definitions are symbols that are found when they are asked for."""

    def fact(self, fact, path):
        return "&.".join([fact, *steps_of(path)])

    def has_text(self, fact):
        return f"({fact} != null and {fact} != \"\")"

    def older(self, fact, duration):
        return f"({fact} != null and {fact} < present - t\"{duration}\")"

    def decider(self, now):
        definitions = {}
        for name, definition in self.rules["definitions"].items():
            (kind, sources), = definition.items()
            facts = [(one, []) if isinstance(one, str) else (one["fact"], steps_of(one["path"]))
                     for one in sources]
            definitions[name] = kind, facts

        def resolve(record, name):
            if name in definitions:
                kind, facts = definitions[name]
                value = choose(kind, [walk(record.get(fact), steps) for fact, steps in facts])
                return time_of(value) if kind == "first" and value is not None else value
            return now if name == "present" else record.get(name)

        context = rule_engine.Context(resolver=resolve, default_value=None)
        chain = rule_engine.Chain(
            [(self.text(rule["conditions"]), rule["event"]["params"])
             for rule in self.rules["rules"]], context=context)
        return chain.evaluate


class Zen(Translation):
    """Definitions are written out where they are used."""

    def fact(self, fact, path):
        definition = self.rules["definitions"].get(fact)
        if not definition:
            return self.member(fact, steps_of(path))
        (kind, sources), = definition.items()
        values = [self.member(one, []) if isinstance(one, str) else
                  self.member(one["fact"], steps_of(one["path"])) for one in sources]
        if kind == "latest":
            return (f"({' or '.join(f'{one} != null' for one in values)} ? "
                    f"max(map(filter([{', '.join(values)}], # != null), d(#).timestamp())) : null)")
        if kind not in ("first", "firstText"):
            raise ValueError(f"cannot translate a definition of the kind {kind}")
        holds = self.has_text if kind == "firstText" else "{} != null".format
        return f"({''.join(f'{holds(one)} ? {one} : ' for one in values)}null)"

    def member(self, fact, steps):
        text = f"job.{fact}"
        for step in steps:
            if isinstance(step, str):
                text += f".{step}"
            elif step >= 0:
                text += f"[{step}]"
            else:
                text = (f"(type({text}) == \"array\" and len({text}) >= {-step} ? "
                        f"{text}[len({text}) - {-step}] : null)")
        return text

    def has_text(self, fact):
        return f"(type({fact}) == \"string\" and {fact} != \"\")"

    def older(self, fact, duration):
        return f"d({fact}).timestamp() < now - {millis_of(duration)}"

    def expression(self):
        """The name of the first rule that holds."""
        text = "null"
        for rule in reversed(self.rules["rules"]):
            text = f"{self.text(rule['conditions'])} ? \"{rule['name']}\" : {text}"
        return zen.compile_expression(text)

    def decision(self):
        """A table of one column of expressions; the first row that holds decides."""
        rows = [{"_id": rule["name"], "when": self.text(rule["conditions"]),
                 "category": json.dumps(rule["event"]["params"]["status_category"]),
                 "problem": json.dumps(rule["event"]["params"].get("problem_type"))}
                for rule in self.rules["rules"]]
        return zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps({
            "nodes": [
                {"id": "in", "name": "in", "type": "inputNode"},
                {"id": "table", "name": "table", "type": "decisionTableNode", "content": {
                    "hitPolicy": "first",
                    "inputs": [{"id": "when", "name": "when"}],
                    "outputs": [
                        {"id": "category", "name": "category", "field": "status_category"},
                        {"id": "problem", "name": "problem", "field": "problem_type"}],
                    "rules": rows}},
                {"id": "out", "name": "out", "type": "outputNode"}],
            "edges": [
                {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
                {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"}]})))


def best_time(call):
    """Seconds of one call: the best of rounds that together take about half a second."""
    begin = time.perf_counter()
    call()
    once = time.perf_counter() - begin
    calls = max(1, int(0.03 / once))
    best = once
    for _ in range(15):
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter() - begin) / calls)
    return best


def check_faces(corpus, own, peers):
    """The verdicts, after all faces have given the same, the peers as far as they give it."""
    wanted = own["evaluate_many_dicts"]()
    for name, call in {**own, **peers}.items():
        for at, (one, found) in enumerate(zip(wanted, call(), strict=True)):
            same = one == found if name in own else all(
                one[key] == found.get(key) for key in ("status_category", "problem_type"))
            if not same:
                sys.exit(f"{corpus}: record {at}: {name} says {found}, the package {one}")
    return wanted


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[1])
    now = datetime.datetime.fromisoformat((folder / "rules.now").read_text().strip())
    lines = (folder / "rules.ndjson").read_text().splitlines()
    text = json.loads(jobqueue.standard_rules())
    rules = jobqueue.Ruleset.standard()
    chain = RuleEngine(text).decider(now)
    decide = Zen(text).decision().evaluate
    name_rule = Zen(text).expression().evaluate
    params = {rule["name"]: rule["event"]["params"] for rule in text["rules"]}
    millis = int(now.timestamp() * 1000)
    times = {}
    for corpus in ("all_kinds", "complete"):
        records = [json.loads(line) for line in lines]
        own = {
            "evaluate_many_dicts": lambda: rules.evaluate_many(records, now=now),
            "evaluate_many_lines": lambda: rules.evaluate_many(lines, now=now),
            "evaluate_dicts": lambda: [rules.evaluate(one, now=now) for one in records],
            "evaluate_lines": lambda: [rules.evaluate(one, now=now) for one in lines]}
        peers = {
            "rule_engine_dicts": lambda: [chain(one) for one in records],
            "zen_decision_dicts": lambda: [
                decide({"job": one, "now": millis})["result"] for one in records],
            "zen_expression_dicts": lambda: [
                params[name_rule({"job": one, "now": millis})] for one in records],
            "zen_expression_lines": lambda: [
                params[name_rule(f'{{"job":{one},"now":{millis}}}')] for one in lines]}
        verdicts = check_faces(corpus, own, peers)
        decided = {verdict["rule"] for verdict in verdicts}
        if corpus == "all_kinds" and decided != {rule["name"] for rule in text["rules"]}:
            sys.exit(f"the records are only {decided}")
        print(f"{len(lines)} records, {corpus}: the verdicts are equal")
        for name, call in {**own, **peers}.items():
            seconds = best_time(call)
            times[name, corpus] = seconds
            print(f"{name + '/' + corpus:36} {seconds / len(lines) * 1e6:9.2f} us "
                  f"{len(lines) / seconds:9.0f} records/s", flush=True)
        lines = [line for line, verdict in zip(lines, verdicts)
                 if verdict["status_category"] == "complete"]
    print()
    for corpus in ("all_kinds", "complete"):
        for peer in peers:
            name = f"evaluate_many_{peer.rpartition('_')[2]}"
            print(f"{f'{name} against {peer}, {corpus}':64} "
                  f"{times[peer, corpus] / times[name, corpus]:7.1f} x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
