// What another policy, or a switched-off edge, would have changed: the work of `sharewatch diff`.

import {h, s, number, plural, verdictTag, VERDICTS, spaced} from './dom.js';
import {link, go} from './state.js';

const sum = values => values.reduce((all, value) => all + value, 0);

export function form(packs, state) {
  const chosen = new Set(state.b.split(',').filter(Boolean));
  const submit = event => {
    event.preventDefault();
    const data = new FormData(event.target);
    go(link({b: data.getAll('pack').join(','), without: data.get('without').toUpperCase().replace(/[\s,]+/g, ',').replace(/^,|,$/g, '')}));
  };
  return h('section', {class: 'panel wide', 'aria-labelledby': 'ask-title'},
    h('header', {}, h('h1', {id: 'ask-title'}, 'What if other rules had been in force?'),
      h('span', {class: 'sub'}, 'The same events, judged again; nothing in the log changes.')),
    h('form', {class: 'what-if', onsubmit: submit},
      h('fieldset', {}, h('legend', {}, 'Judge by these packs instead of the log’s own'), packs.map(pack =>
        h('label', {}, h('input', {type: 'checkbox', name: 'pack', value: pack.name, checked: chosen.has(pack.name)}), h('span', {}, h('b', {}, pack.name), ` ${pack.title}`)))),
      h('label', {}, 'And switch these edges of the map off', h('input', {name: 'without', value: state.without, placeholder: 'E16, E27', pattern: '[A-Za-z0-9, ]*'})),
      h('div', {class: 'actions'}, h('button', {class: 'main'}, 'Compare'))));
}

// One row a verdict: how many chains stand there under A and under B.
function totals(matrix) {
  const a = Object.fromEntries(VERDICTS.map(verdict => [verdict, sum(Object.values(matrix[verdict] ?? {}))]));
  const b = Object.fromEntries(VERDICTS.map(verdict => [verdict, sum(VERDICTS.map(from => matrix[from]?.[verdict] ?? 0))]));
  return {a, b};
}

const bar = (verdict, n, most) => s('svg', {viewBox: '0 0 120 10', preserveAspectRatio: 'none', 'aria-hidden': 'true', class: `v-${verdict}`},
  s('rect', {width: n ? Math.max(3, 120 * Math.sqrt(n / most)) : 0, height: 10, rx: 2}));

function byVerdict(result) {
  const {a, b} = totals(result.by_chain.verdicts);
  const most = Math.max(1, ...Object.values(a), ...Object.values(b));
  return h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Chains by verdict'}, h('table', {class: 'matrix compare'},
    h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Verdict'), h('th', {scope: 'col', colspan: 2}, result.a), h('th', {scope: 'col', colspan: 2}, result.b), h('th', {scope: 'col', class: 'n'}, 'Change'))),
    h('tbody', {}, VERDICTS.map(verdict => h('tr', {}, h('th', {scope: 'row'}, verdictTag(verdict)),
      h('td', {class: 'n'}, number(a[verdict])), h('td', {class: 'bar'}, bar(verdict, a[verdict], most)),
      h('td', {class: 'n'}, number(b[verdict])), h('td', {class: 'bar'}, bar(verdict, b[verdict], most)),
      h('td', {class: 'n'}, a[verdict] === b[verdict] ? ['AUTO', 'FED'].includes(verdict) && a[verdict] ? 'no local rule reaches it' : 'none'
        : `${b[verdict] > a[verdict] ? '+' : '−'}${number(Math.abs(b[verdict] - a[verdict]))}`))))));
}

function moves(result) {
  const rows = [];
  for (const from of VERDICTS) for (const to of VERDICTS) {
    const n = result.by_chain.verdicts[from]?.[to] ?? 0;
    if (from !== to && n) rows.push({from, to, n});
  }
  if (!rows.length) return h('p', {class: 'note'}, 'No chain stands otherwise.');
  return h('ul', {class: 'judgements'}, rows.sort((x, y) => y.n - x.n).map(row => h('li', {}, h('b', {}, plural(row.n, 'chain')), 'from', verdictTag(row.from), 'to', verdictTag(row.to))));
}

export function result(data) {
  return [
    h('section', {class: 'panel wide', 'aria-labelledby': 'result-title'},
      h('header', {}, h('h2', {id: 'result-title'}, data.a === data.b ? 'With edges switched off' : `${data.b} instead of ${data.a}`),
        h('span', {class: 'sub'}, `${number(data.by_event.changed)} of ${plural(data.events, 'event')} judged otherwise; ${number(data.by_chain.changed)} of ${plural(data.chain_count, 'chain')} stand otherwise`)),
      byVerdict(data),
      h('p', {class: 'note'}, `${plural(data.crossed.a, 'chain')} crossed under A, ${number(data.crossed.b)} under B. Counts are of chains; widths are square roots.`)),
    h('section', {class: 'panel wide', 'aria-labelledby': 'moves-title'}, h('h2', {id: 'moves-title'}, 'Chains that stand otherwise'), moves(data)),
    data.findings.length > 0 && h('section', {class: 'panel wide', 'aria-labelledby': 'rules-title'}, h('h2', {id: 'rules-title'}, 'Findings that differ'),
      h('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Rules, with how many findings they make under A and B'}, h('table', {}, h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Rule'), ['A', 'B', 'Lost', 'Gained'].map(name => h('th', {scope: 'col', class: 'n'}, name)))),
        h('tbody', {}, data.findings.map(row => h('tr', {}, h('td', {}, spaced(row.rule)), [row.a, row.b, row.lost, row.gained].map(n => h('td', {class: `n${n ? '' : ' zero'}`}, number(n))))))))),
    data.beyond_local_rules.edges.length > 0 && h('section', {class: 'panel wide', 'aria-labelledby': 'beyond-title'}, h('h2', {id: 'beyond-title'}, 'What no local rule reaches'),
      h('p', {}, 'These steps cross under either policy, because they run by themselves or in federal hands.'),
      h('ul', {class: 'judgements'}, data.beyond_local_rules.edges.map(edge => h('li', {}, h('b', {}, edge.edge), plural(edge.a, 'hop'), h('span', {class: 'dim'}, `who could stop it: ${edge.off_switch}`))))),
  ];
}

