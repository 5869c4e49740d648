/**
 * Names of arXiv's categories by code (arxiv.org/category_taxonomy).
 * Two codes for one subject (cs.LG and stat.ML, cs.IT and math.IT) share a name and form one topic.
 */
export const CATEGORY_NAMES: Readonly<Record<string, string>> = {
  'cs.AI': 'Artificial intelligence',
  'cs.AR': 'Hardware architecture',
  'cs.CC': 'Computational complexity',
  'cs.CE': 'Computational engineering',
  'cs.CG': 'Computational geometry',
  'cs.CL': 'Natural language processing',
  'cs.CR': 'Security and cryptography',
  'cs.CV': 'Computer vision',
  'cs.CY': 'Computers and society',
  'cs.DB': 'Databases',
  'cs.DC': 'Distributed computing',
  'cs.DL': 'Digital libraries',
  'cs.DM': 'Discrete mathematics',
  'cs.DS': 'Data structures and algorithms',
  'cs.ET': 'Emerging technologies',
  'cs.FL': 'Formal languages',
  'cs.GL': 'General literature',
  'cs.GR': 'Graphics',
  'cs.GT': 'Game theory',
  'cs.HC': 'Human-computer interaction',
  'cs.IR': 'Information retrieval',
  'cs.IT': 'Information theory',
  'cs.LG': 'Machine learning',
  'cs.LO': 'Logic in computer science',
  'cs.MA': 'Multi-agent systems',
  'cs.MM': 'Multimedia',
  'cs.MS': 'Mathematical software',
  'cs.NA': 'Numerical analysis',
  'cs.NE': 'Neural and evolutionary computing',
  'cs.NI': 'Networking',
  'cs.OH': 'Other computer science',
  'cs.OS': 'Operating systems',
  'cs.PF': 'Performance',
  'cs.PL': 'Programming languages',
  'cs.RO': 'Robotics',
  'cs.SC': 'Symbolic computation',
  'cs.SD': 'Speech and audio',
  'cs.SE': 'Software engineering',
  'cs.SI': 'Social networks',
  'cs.SY': 'Systems and control',
  'econ.EM': 'Econometrics',
  'econ.GN': 'Economics',
  'econ.TH': 'Theoretical economics',
  'eess.AS': 'Speech and audio',
  'eess.IV': 'Image and video processing',
  'eess.SP': 'Signal processing',
  'eess.SY': 'Systems and control',
  'math.CO': 'Combinatorics',
  'math.IT': 'Information theory',
  'math.NA': 'Numerical analysis',
  'math.NT': 'Number theory',
  'math.OC': 'Optimization and control',
  'math.PR': 'Probability',
  'math.ST': 'Statistics theory',
  'q-bio.BM': 'Biomolecules',
  'q-bio.GN': 'Genomics',
  'q-bio.NC': 'Neuroscience',
  'q-bio.QM': 'Quantitative biology',
  'quant-ph': 'Quantum physics',
  'stat.AP': 'Applied statistics',
  'stat.CO': 'Statistical computing',
  'stat.ME': 'Statistical methodology',
  'stat.ML': 'Machine learning',
  'stat.TH': 'Statistics theory',
}

/** Names of archives, for categories missing above. */
export const ARCHIVE_NAMES: Readonly<Record<string, string>> = {
  'astro-ph': 'Astrophysics',
  'cond-mat': 'Condensed matter',
  'gr-qc': 'General relativity',
  'hep-ex': 'High energy physics',
  'hep-lat': 'High energy physics',
  'hep-ph': 'High energy physics',
  'hep-th': 'High energy physics',
  'math-ph': 'Mathematical physics',
  'nucl-ex': 'Nuclear physics',
  'nucl-th': 'Nuclear physics',
  'q-bio': 'Quantitative biology',
  'q-fin': 'Quantitative finance',
  cs: 'Computer science',
  econ: 'Economics',
  eess: 'Electrical engineering',
  math: 'Mathematics',
  nlin: 'Nonlinear sciences',
  physics: 'Physics',
  stat: 'Statistics',
}

/**
 * Fields that readers can follow, with the words in a title or keyword that match each.
 * 2,864 real papers have 19,315 keywords, too many to follow: a reader of video generation also wants "text-to-video".
 * `slug` keeps the address and the followers of a renamed field.
 */
export const FIELDS: readonly { name: string; slug?: string; words: RegExp }[] = [
  {
    name: 'Language models',
    words: /\b(m?llms?|slms?|language models?|gpt-?\d?|instruction[- ]tun|pre-?train(ed|ing) .*language)/,
  },
  { name: 'Multimodal models', words: /\b(multi-?modal|mllms?|vlms?|lmms?|vision[- ]language|omni-?modal|any-to-any)/ },
  { name: 'Reasoning', words: /\breason(ing|er|ers)?\b|chain[- ]of[- ]thought|\bcot\b|test-time (scaling|compute)/ },
  { name: 'Agents', words: /\bagents?\b|\bagentic|tool[- ](use|calling|learning)|computer[- ]use/ },
  {
    name: 'Reinforcement learning',
    words: /reinforcement|\brlhf\b|\brlvr\b|\bgrpo\b|\bppo\b|\bdpo\b|policy (optimi[sz]|gradient)|reward model|\brl\b/,
  },
  { name: 'Benchmarks and evaluation', words: /\bbenchmark(s|ing)?\b|\bevaluat(ion|ing)\b|leaderboard|llm-as-a-judge/ },
  { name: 'Datasets', words: /\bdata-?sets?\b|\bcorp(us|ora)\b|data (synthesis|curation|selection)|synthetic data/ },
  {
    name: 'Image generation',
    words: /text-to-image|\bt2i\b|image (generation|synthesis|editing|customi[sz])|visual generation|inpainting/,
  },
  {
    name: 'Video generation',
    words: /text-to-video|image-to-video|\b[ti]2v\b|video (generation|synthesis|editing|diffusion|generative)/,
  },
  {
    name: 'Video understanding',
    words: /video (understanding|question|reasoning|captioning|retrieval|language|llm|mllm)|long video|video-llm/,
  },
  { name: 'Diffusion models', words: /diffusion|flow matching|rectified flow|score-based|denoising/ },
  {
    name: '3D and rendering',
    words: /\b[34]d\b|gaussian splat|\bnerf\b|radiance field|novel view|mesh|point clouds?|depth estimation/,
  },
  { name: 'Robotics', words: /robot|\bvla\b|vision-language-action|manipulation polic|embodied|dexterous|locomotion/ },
  { name: 'World models', words: /world[- ]model|world simulat/ },
  {
    name: 'Computer vision',
    words:
      /segmentation|object detection|image (classification|recognition|restoration)|visual (recognition|grounding|tracking)|\bvit\b|vision transformer|computer vision|\bocr\b/,
  },
  { name: 'Speech and audio', words: /speech|audio|\bmusic|\btts\b|\basr\b|voice|\bsound/ },
  {
    name: 'Code',
    words: /\bcod(e|ing)\b|programming|software (engineering|development)|swe-bench|\bprogram(s| synthesis)\b|\bsql\b/,
  },
  {
    name: 'Mathematics with AI',
    words: /mathematical (reasoning|problem)|theorem|\blean ?4?\b|olympiad|\bmath\b|proof/,
  },
  {
    name: 'Retrieval and search',
    words: /retriev|\brag\b|\bsearch (engine|agent)|deep research|re-?rank|embedding models?|question answering/,
  },
  {
    name: 'Efficiency',
    words:
      /quanti[sz]ation|pruning|distill|sparse|speculative|kv[- ]?cache|low-rank|\blora\b|efficien|acceleration|inference (speed|cost|latency)|compression/,
  },
  {
    name: 'Architectures',
    words:
      /transformer|attention|mixture[- ]of[- ]experts|\bmoe\b|state[- ]space|\bmamba\b|linear attention|architecture/,
  },
  {
    name: 'Training',
    words:
      /pre-?training|fine-?tuning|post-?training|\bsft\b|optimi[sz]ers?\b|scaling laws?|curriculum|continual learning/,
  },
  {
    name: 'Long context',
    words: /long[- ](context|sequence|form|horizon memory)|context (length|window|compression)|\bmemory\b/,
  },
  {
    name: 'Safety and alignment',
    words:
      /safety|alignment|jailbreak|red[- ]team|adversarial|harmful|toxic|privacy|watermark|backdoor|guardrail|deceptive/,
  },
  {
    name: 'Interpretability',
    words: /interpretab|mechanistic|explainab|sparse autoencoder|probing|circuits?\b|activation steering/,
  },
  {
    name: 'Hallucination & factuality',
    slug: 'hallucination-and-truth',
    words: /hallucinat|factual|truthful|uncertainty|calibrat/,
  },
  {
    name: 'Medicine and biology',
    words: /medic|clinical|health|patient|biolog|protein|genom|molecul|drug|radiolog|patholog|disease|single-cell/,
  },
  { name: 'Science with AI', words: /scientific|chemistry|materials?\b|physic|weather|climate|discovery|scientist/ },
  { name: 'Autonomous driving', words: /autonomous (driving|vehicle)|self-driving|driving/ },
  {
    name: 'Human motion & faces',
    slug: 'humans-in-pictures',
    words:
      /\bhuman (motion|pose|image|video|animation)|avatar|talking head|\bface|facial|portrait|gesture|virtual try-on/,
  },
  {
    name: 'Graphical interfaces',
    words: /\bgui\b|web (agent|navigation|browsing)|\bui\b|mobile agent|screen(shot)?\b/,
  },
  {
    name: 'Multilingual',
    slug: 'many-languages',
    words:
      /multilingual|low-resource|cross-lingual|translation|arabic|chinese|hindi|indic|african|korean|japanese|russian|german|language-specific/,
  },
  {
    name: 'Graphs and tables',
    words: /knowledge graph|graph (neural|learning)|\bgnns?\b|tabular|\btables?\b|time[- ]series|spreadsheet/,
  },
  { name: 'Recommendation', words: /recommend|click-through|personali[sz]/ },
  { name: 'Games', slug: 'games-and-play', words: /\bgames?\b|gaming|minecraft|chess|player/ },
]
