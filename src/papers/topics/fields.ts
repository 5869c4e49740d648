/** Fields that readers can follow, and the rules that find a paper's. Names and descriptions are in the catalogues (`t.fields`). */
export interface Field {
  /** part of links and of stored wishes, so it never changes without an entry in `formerly` */
  slug: string
  /** matches a title or keyword in lower case */
  words: RegExp
  /**
   * How often an abstract must match; 2 unless stated. Fitted on 2025-04 to 2026-03: the fewest with a precision of .75 against
   * the fields that titles and keywords give.
   */
  mentions?: number
  /** arXiv categories whose papers all belong here */
  categories?: readonly string[]
  /** papers whose title or keywords match are not of the field; without keywords, the abstract counts too */
  unless?: RegExp
  /** slugs that the field had before */
  formerly?: readonly string[]
}

export interface FieldGroup {
  /** key of `t.topics.groups` */
  group: string
  fields: readonly Field[]
}

export const GROUPS = [
  {
    group: 'language',
    fields: [
      {
        slug: 'language-models',
        mentions: 1,
        words: /\b(m?llms?|slms?|[dl]lms?|language model(s|l?ing)?|gpt-?\d?|instruction[- ](tun|follow)\w*)\b/,
      },
      {
        slug: 'reasoning',
        words:
          /\breason(ing|er|ers)?\b|chain[- ]of[- ]thoughts?|\bcots?\b|test-time (scaling|compute)|\bthinking (tokens|models?|mode)/,
      },
      {
        slug: 'long-context',
        words:
          /long[- ]?(context|sequence|form|horizon memory|term memory)|context (length|window|compression|extension)|\b(agent|agentic|episodic|working|memory|external)[- ]memory\b|memory[- ](augmented|bank|systems?|agents?|management|modules?|retrieval)|length (extrapolation|generali[sz]ation)/,
      },
      {
        slug: 'retrieval-and-search',
        words:
          /retriev|\brag\b|\bsearch (engines?|agents?)|web search|deep[- ]research|re-?rank|(text|document) embeddings?|embedding models?|question[- ]answering|information[- ]seeking/,
        categories: ['cs.IR'],
      },
      {
        slug: 'multilingual',
        formerly: ['many-languages'],
        words:
          /multi-?lingual|low-resource|cross-?lingual|\btranslation (model|system|quality|task|benchmark)|machine translation|arabic|\bchinese\b|hindi|\bindic\b|african|korean|japanese|russian|german\b|vietnamese|persian|turkish|indonesian|ukrainian|language-specific|under-?represented languages/,
      },
      {
        slug: 'dialogue-and-personas',
        words:
          /\bdialog(ue)?s?\b|conversational|chatbots?|role-?play(ing)?\b|\bpersonas?\b|multi-turn (conversation|dialog)/,
      },
      {
        slug: 'writing-and-summaries',
        words:
          /summari[sz]ation|creative writing|story (generation|telling)|storytelling|text (generation|simplification)|\bpoetry|machine-generated text/,
      },
    ],
  },
  {
    group: 'vision',
    fields: [
      {
        slug: 'multimodal-models',
        mentions: 1,
        words:
          /\b(multi-?modal|mllms?|l?vlms?|lmms?|mm-?llms?|vision[- ]language(?!-action)|visual language models?|omni-?modal|any-to-any|unified (understanding|models?))/,
      },
      {
        slug: 'image-generation',
        mentions: 1,
        words:
          /text-to-image|\bt2i\b|image (generation|synthesis|generators?|editing|customi[sz])|visual generation|inpainting|image tokeni[sz]|stylization|style transfer|classifier-free guidance/,
      },
      {
        slug: 'image-editing',
        mentions: 1,
        words:
          /image (edit|manipulation|restoration|inpainting)|instruction-based edit|inpainting|super-?resolution|deblur|denoising images|low-light|dehaz|derain|style transfer|stylization|colori[sz]ation/,
      },
      {
        slug: 'computer-vision',
        words:
          /segmentation|object detection|open-vocabulary|image (classification|recognition|retrieval)|visual (recognition|grounding|tracking|representation)|object (tracking|recognition)|\bvits?\b|vision (transformers?|encoders?|foundation)|visual encoders?|computer vision|\bimagenet|\bdino(v\d)?\b|referring expression|optical flow|keypoints?\b/,
        categories: ['cs.CV'],
      },
      {
        slug: 'visual-reasoning',
        words:
          /visual (reasoning|question|perception|thinking|chain)|\bvqa\b|spatial (reasoning|intelligence|understanding|relation|cognition)|thinking with images|multimodal reasoning|chart (understanding|question|reasoning)|visual-?spatial|geometric reasoning/,
      },
      {
        slug: 'documents-and-ocr',
        words:
          /\bocr\b|optical character|document (understanding|parsing|layout|intelligence|image|ai|question|analysis)|visually[- ]rich document|\bcharts?\b|\bpdfs?\b|scene text|text recognition|text rendering|infographic|(?<!whole[- ])\bslides?\b(?! (image|encoder|level))|\bposters?\b/,
      },
      {
        slug: 'human-motion-and-faces',
        formerly: ['humans-in-pictures'],
        words:
          /\bhuman (motion|pose|image|video|animation|mesh|body|avatar)|\bhuman-(object|centric)|motion (generation|capture)|avatars?\b|talking[- ](head|face)|\bface(s|-)?\b(?! of)|\bfacial|portrait|gestures?\b|virtual try-on|lip[- ]sync|deepfake|identity[- ]preserv/,
      },
    ],
  },
  {
    group: 'video-and-3d',
    fields: [
      {
        slug: 'video-generation',
        mentions: 1,
        words:
          /text-to-video|image-to-video|\b[ti]2v\b|video[- ](generat|synthesis|edit|diffusion|creation|animation|customi|prediction)|(long|streaming|interactive|controllable|audio-)video generat|\bvbench|camera[- ]control/,
      },
      {
        slug: 'video-understanding',
        mentions: 1,
        words:
          /video[- ](understanding|question|reasoning|captioning|retrieval|language|l?llms?|mllms?|grounding|comprehension|qa\b|large|temporal|benchmark|perception|summar|moment)|(long|egocentric|streaming)[- ]videos?( understanding)?\b|video-(llms?|mme)|temporal grounding|egocentric/,
      },
      {
        slug: '3d-and-rendering',
        mentions: 1,
        words:
          /\b[34]d(gs)?\b|gaussian splat|\bnerfs?\b|radiance fields?|(novel[- ])?view synthesis|\bmesh(es)?\b|point clouds?|depth (estimation|maps?)|multi-?view|\bslam\b|\bcad\b|structure-from-motion|scene (reconstruction|generation)|rendering/,
        categories: ['cs.GR', 'cs.CG'],
      },
      {
        slug: 'world-models',
        mentions: 1,
        words:
          /world[- ](foundation )?model|world simulat|(video|game) world model|interactive worlds?|neural game engine/,
      },
    ],
  },
  {
    group: 'audio',
    fields: [
      {
        slug: 'speech-and-audio',
        mentions: 3,
        unless:
          /talking[- ](head|face|portrait|avatar)|lip[- ]?sync|(audio|speech|voice)-driven .*(talking|portrait|avatar|human|facial|face|animation)/,
        words:
          /(?<!hate |free )\bspeech|\bspoken|\baudios?\b|audio-|\bmusic|\btts\b|\basr\b|\bvoices?\b|\bsounds?\b(?! (proof|theor|reason|log|argument))|\bvocal|acoustic|speaker (verif|identif|recogn|diari|similar)|\bcodec/,
        categories: ['cs.SD', 'eess.AS'],
      },
      { slug: 'music', words: /\bmusic|\bsongs?\b|\bsinging|\bmelod|symbolic midi/ },
    ],
  },
  {
    group: 'agents-and-code',
    fields: [
      {
        slug: 'agents',
        mentions: 1,
        words: /\bagents?\b|\bagentic|tool[- ](use|calling|learning|integrated)|computer[- ]use|web navigation/,
      },
      {
        slug: 'multi-agent-systems',
        mentions: 1,
        words:
          /multi-?agent|agent (teams?|collaboration|communication|societ|swarm|orchestrat)|\bcollaborat\w+ agents|agents? debate|multi-?llm/,
        categories: ['cs.MA'],
      },
      {
        slug: 'tool-use',
        words:
          /\btool[- ](use|usage|calls?|calling|learning|integrated|augmented|selection|invocation)|function[- ]call|model context protocol|\bmcp\b|external tools|\bapis? calls?/,
      },
      {
        slug: 'deep-research',
        mentions: 1,
        words:
          /deep[- ]?research|(search|research|web|browsing|browser)[- ]agents?|browsecomp|report generation|web (search|browsing)|information[- ]seeking/,
      },
      {
        slug: 'graphical-interfaces',
        mentions: 1,
        words:
          /\bguis?\b|\bweb (agents?|navigation|browsing)|\buis?\b|mobile agent|screen(shots?)?\b|computer[- ](use|using)|\bosworld|android(world|control)?\b|user interfaces?/,
      },
      {
        slug: 'code',
        words:
          /\bcod(e|ing)\b(?!book)|programming|software (engineering|development|issue|repositor)|swe-(bench|agent)|\bprograms?\b|program (synthesis|repair)|\bsql\b|livecodebench|\bcompilers?\b|\bverilog|\bdebugging|unit tests?/,
        categories: ['cs.PL'],
      },
      {
        slug: 'software-engineering',
        mentions: 1,
        words:
          /software (engineer|develop|issue|repositor|maintenance|test)|\bswe\b|swe-|(issue|bug) (resolution|fix|locali)|program repair|pull requests?|repository-level|code (review|repositor|maintenance)|unit tests?|github issues?/,
        categories: ['cs.SE'],
      },
      {
        slug: 'games',
        mentions: 3,
        formerly: ['games-and-play'],
        words:
          /\b(video |board |card |text |computer )?(?<!imitation )games?\b(?![ -]theor)|gameplay|gaming|minecraft|\bchess\b|pok[eé]mon|atari/,
      },
    ],
  },
  {
    group: 'robotics-and-driving',
    fields: [
      {
        slug: 'robotics',
        words:
          /\brobot(?!ic process)|\bvlas?\b|vision-language-action|manipulation (polic|task|skill)|embodied (agent|ai|intelligence|task|control|navigat|reason|manip)|dexterous|locomotion|humanoid|sim-to-real|sim2real|teleoperat|grasping|bimanual|whole-body control/,
        categories: ['cs.RO'],
      },
      {
        slug: 'vision-language-action-models',
        mentions: 1,
        words: /\bvlas?\b|vision[- ]language[- ]action|generalist robot|robot(ic)? foundation model|action chunk/,
      },
      {
        slug: 'embodied-ai',
        words:
          /\bembodied|embodiment|(vision-and-language|visual|embodied|object|goal) navigation|egocentric|\bphysical (ai|world|interaction)/,
      },
      {
        slug: 'autonomous-driving',
        words:
          /autonomous (driving|vehicles?|cars?)|self-driving|\bdriving (scen|polic|model|agent|video|world|data|perform|behavio|simulat)|\btraffic|\bnuscenes|end-to-end driving/,
      },
    ],
  },
  {
    group: 'learning',
    fields: [
      {
        slug: 'reinforcement-learning',
        mentions: 1,
        words:
          /reinforcement|\brlhf\b|\brlvr\b|\bgrpo\b|\bppo\b|\bdpo\b|\bdapo\b|policy (optimi[sz]|gradient)|reward (model|function|signal|hack|shap)|\brl\b|verifiable rewards?|actor-critic|q-learning|advantage estimation|\brollouts?\b/,
      },
      {
        slug: 'rewards-and-preferences',
        mentions: 1,
        words:
          /reward[- ](model|hack|shap|function|signal|design)|process reward|verifiable rewards?|\brlhf\b|\bdpo\b|human (preference|feedback)|preference (optimi|learning|align|data|tuning|model)|generative reward|\bprms?\b|rubric/,
      },
      {
        slug: 'diffusion-models',
        mentions: 1,
        words:
          /diffusion|flow[- ]matching|rectified flow|score-based|denoising|\bdits?\b|consistency (model|distillation)|noise schedul|classifier-free/,
      },
      {
        slug: 'architectures',
        words:
          /transformers?\b|\b(self|cross|linear|sparse|softmax|causal|full|bidirectional|window|local|global|multi-head|flash)?[- ]?attention (mechanism|head|layer|module|block|pattern|sink|map|score|matri|weight|comput)|(linear|sparse|softmax|self-?|cross-?|gated|causal|hybrid|multi-head|latent)[- ]?attention|mixture[- ]of[- ]experts?|\bmoes?\b|state[- ]space|\bmamba|recurrent|\brnns?\b|architectur(e|es|al)\b|positional (encod|embed)|\brope\b|convolution/,
      },
      {
        slug: 'training',
        words:
          /pre-?train(ing)\b|fine-?tun(ing|ed)|post-?training|mid-?training|\bsft\b|optimi[sz]ers?\b|scaling laws?|curriculum|continual (learning|pre)|catastrophic forgetting|model merging|knowledge distillation|self-distillation|on-policy distillation|training (data|dynamics|stability|recipe|strateg|paradigm)|instruction[- ]tuning/,
      },
      {
        slug: 'representation-learning',
        words:
          /representation learning|self-supervised|contrastive (learning|loss|pre|object|language)|\bembeddings?\b|latent (representation|space)|joint[- ]embedding|\bjepa\b|\bclip\b|autoencoder|tokeni[sz]ers?\b|disentangle/,
      },
      {
        slug: 'continual-and-transfer-learning',
        words:
          /continual (learning|adapt)|lifelong|catastrophic forgetting|transfer learning|domain (adaptation|generali[sz]|shift)|few-shot|meta-learning|in-context learning|federated|test-time (training|adapt|learning)|zero-shot (generali|transfer)|out-of-(distribution|domain)|model merging|unlearning/,
      },
    ],
  },
  {
    group: 'systems',
    fields: [
      {
        slug: 'efficiency',
        mentions: 3,
        words:
          /quanti[sz](ation|ed)|pruning|distill|\bsparse|sparsity|speculative|kv[- ]?cach|low-rank|\bloras?\b|\befficien(t|cy|tly)\b|accelerat(ion|ing|e)|inference (speed|cost|latency|time|efficien)|compression|latency|throughput|speed-?ups?|lightweight|computational (cost|overhead|complexity)|token reduction|\bflops?\b/,
      },
      {
        slug: 'compression',
        mentions: 1,
        words:
          /quanti[sz]ation|pruning|knowledge distillation|\bdistill|low-rank|\bloras?\b|(model|token|cache|visual token) (compression|reduction|pruning|merging)|parameter[- ]efficien|\bpeft\b|low-(bit|precision)|\b[1-8]-bit\b|\bfp[48]\b|binari[sz]/,
      },
      {
        slug: 'inference-and-serving',
        words:
          /speculative (decod|sampl)|kv[- ]?cach|inference (speed|latenc|throughput|engine|accelerat|serving|efficien|cost|optimi)|\bserving\b|parallel decoding|early[- ]exit|decoding (speed|strateg)|caching|batching|\bthroughput|on-device|edge device|time-to-first-token|prefill/,
      },
      {
        slug: 'hardware-and-distributed-training',
        mentions: 3,
        words:
          /\bgpus?\b|\bcuda\b|\btriton\b|(?<!(gaussian|tangent|convolution(al)?|noise|reproducing|rbf|markov|similarity|attention) )\bkernels?\b(?! (trick|method|density|regression|ridge))|hardware|\bfpgas?\b|\btpus?\b|\bnpus?\b|accelerators\b|distributed (training|learning|comput|system|infer)|(tensor|pipeline|data|expert|sequence|model) parallel|\bchips?\b|energy (consumption|efficien)|carbon/,
        categories: ['cs.AR', 'cs.DC', 'cs.PF'],
      },
    ],
  },
  {
    group: 'theory',
    fields: [
      {
        slug: 'learning-theory',
        mentions: 3,
        words:
          /theoretical(ly)? (analys|guarantee|understand|framework|found|bound|result|insight)|generali[sz]ation (bound|error|theory)|expressive power|expressivity|expressiveness of|sample complexity|convergence (rate|analys|guarantee|proof)|identifiab|information[- ]theor|\bregret\b|minimax|learning theory|computational complexity|\bpac-bayes|neural tangent|loss landscape|implicit bias|grokking/,
        categories: ['cs.CC', 'cs.IT', 'math.IT', 'math.ST', 'stat.TH'],
      },
      {
        slug: 'optimization',
        words:
          /optimi[sz]ers?\b|stochastic gradient|gradient descent|\badam(w)?\b|\bmuon\b|second-order|learning rate|\bsgd\b|convex|combinatorial optimi|bayesian optimi|evolutionary (algorithm|search|optim|strateg)|operations research|black-box optimi|batch size/,
        categories: ['math.OC'],
      },
      {
        slug: 'scaling-laws',
        words:
          /scaling (laws?|behavio|trend|analys|propert|paradigm)|(model|data|compute|inference|test)[- ](time )?scaling|power[- ]law|compute-optimal|emergent abilit/,
      },
      {
        slug: 'probabilistic-methods',
        words:
          /bayesian|probabilistic (model|inference|program)|variational|uncertainty|markov (chain|decision)|monte carlo|causal (inference|discovery|graph|effect|reason)|\bcausality|energy-based|normali[sz]ing flow|optimal transport|posterior|conformal/,
        categories: ['stat.ME', 'stat.CO', 'math.PR'],
      },
      {
        slug: 'algorithms-and-logic',
        words:
          /\balgorithms? (design|discovery)|combinatori|symbolic (reason|regress|comput|ai)|neuro-?symbolic|formal (verification|method|language|logic|proof|spec)|first-order logic|\bsat solv|constraint (satisf|program|solv)|logic(al)? (program|reason|infer|puzzle)|automat(a|on)\b|cryptograph|graph algorithm|theorem prov/,
        categories: ['cs.DS', 'cs.DM', 'cs.LO', 'cs.FL', 'cs.SC', 'math.CO'],
      },
    ],
  },
  {
    group: 'data-and-evaluation',
    fields: [
      {
        slug: 'benchmarks-and-evaluation',
        words:
          /\bbenchmark(?!s)\b|benchmark(ing| design| suite| dataset)|\w+-?bench\b|\bevaluation\b|leaderboard|llm-as-a-judge|\bjudges?\b|\barena\b/,
      },
      {
        slug: 'datasets',
        mentions: 3,
        words:
          /\bdata-?sets?\b|\bcorp(us|ora)\b|data[- ](synthesis|curation|selection|generation|pipeline|engine|annotation|quality|mixture|filtering|augment|scarcity|collection)|synthetic data|instruction data|annotations?\b/,
      },
      {
        slug: 'synthetic-data',
        words:
          /synthetic (data|dataset|image|video|train|sample|task|environment|trajector|text|corp|dialog)|data (synthesis|generation|augmentation)|synthesi[sz](ed|ing) (data|task|train|instruct|high)/,
      },
      {
        slug: 'graphs-and-tables',
        words:
          /knowledge graph|graph (neural|learning|transformer|representation|reason|structure|generat)|\bgnns?\b|tabular|\btables?\b(?! \d)|spreadsheets?|structured data|text-to-sql|\bdatabases?\b|\bhypergraph/,
        categories: ['cs.DB', 'cs.SI'],
      },
      {
        slug: 'time-series',
        words: /time[- ]series|(spatio-?)temporal forecast|\bforecast(s|ing)\b|anomaly detection/,
      },
      {
        slug: 'recommendation',
        words:
          /recommend(ation|er)|click-through|\bctr\b|personali[sz](ed|ation)(?! (image|video|visual|generat|text-to|pagerank))|user (preference|interest|model|behavio)|collaborative filtering|e-commerce|advertis/,
      },
      {
        slug: 'surveys',
        words:
          /\bsurvey(s|ing)?\b|\breview of\b|systematic (review|literature)|literature review|taxonomy of|position paper|\broadmap\b|perspective paper|\btaxonomy\b/,
      },
    ],
  },
  {
    group: 'trust',
    fields: [
      {
        slug: 'safety-and-alignment',
        words:
          /(?<!food |road |traffic )safety|(human|value|safety|preference|llm|ai|model|language model|deceptive|moral|superficial|weak-to-strong)[- ](preference )?alignment|\baligned? (llm|language|ai|with human|model)|^alignment$|jailbreak|red[- ]team|adversarial (attack|prompt|robust|example)|harmful|toxic|guardrail|decepti(ve|on)|refusal|misalign|trustworth|\bmoral|\bethic|sycophan|safeguard|over-?refus/,
      },
      {
        slug: 'security-and-privacy',
        words:
          /jailbreak|prompt injection|adversarial (attack|prompt|robust|example|pertur)|backdoor|privacy|watermark|poisoning|(cyber|software|agent|system)[- ]?security|\bsecurity\b|vulnerabilit|membership inference|\bmalware|memori[sz]ation|federated|copyright|deepfake|unlearning|attack success|data leak|penetration test/,
        categories: ['cs.CR'],
      },
      {
        slug: 'interpretability',
        words:
          /interpretab|mechanistic|explainab|explanations?\b|sparse autoencoders?|\bsaes?\b|probing|\bcircuits?\b|activation (steer|patch)|steering vectors?|attention (sink|map|head)s?|internal (representation|mechanism)|hidden states?|attribution|superposition/,
      },
      {
        slug: 'hallucination-and-factuality',
        formerly: ['hallucination-and-truth'],
        words:
          /hallucinat|\b(non-?)?factual|truthful|uncertainty|calibrat|misinformation|fact[- ]check|faithful|knowledge conflict|groundedness|overconfiden/,
      },
      {
        slug: 'society-and-fairness',
        mentions: 3,
        words:
          /fairness|\bbias(es|ed)?\b(?! correct)|stereotyp|gender|cultural|\bculture|societal|social (science|simulat|impact|norm|media|intelligence|bias|reason)|politic|governance|\bpolicy maker|legal|\blaws?\b(?<!scaling laws?)|econom(ic|y)|labor|human-ai (collab|interact)|psycholog|cognitive bias|opinion/,
        categories: ['cs.CY'],
      },
    ],
  },
  {
    group: 'science',
    fields: [
      {
        slug: 'science-with-ai',
        words:
          /scientific|\bscien(ce|tist|tists)\b|chemi|materials? (science|discovery|design|propert)|\bphysics?\b|physical (law|plausib|consisten|reason)|weather|climate|\b(drug|materials?|molecule|knowledge|research|algorithm|automated|causal|equation|law) discover(y|ies)\b|laborator|hypothesis generation|peer review|\bautomated research|astronom|quantum/,
      },
      {
        slug: 'medicine-and-biology',
        words:
          /\bmedic(al|ine)|clinic(al|ian)|health(care)?\b|patients?\b|biolog|biomedic|protein|genom|molecul|\bdrugs?\b|radiolog|patholog|diseases?\b|single-cell|\bdna\b|\brna\b|cancer|tumou?r|differential diagnos|diagnostic accuracy|ultrasound|epidemi|dermat|x-ray|\bmri\b|\bct (scan|image)|surg(ery|ical)|\becg\b|\beeg\b|histolog|\bcells?\b/,
        categories: ['q-bio.BM', 'q-bio.GN', 'q-bio.QM', 'q-bio.TO', 'q-bio.CB', 'q-bio.MN'],
      },
      {
        slug: 'mathematics-with-ai',
        words:
          /math(s|ematics|ematical)?\b|theorem|\blean ?4?\b(?! )|olympiad|\bproofs?\b|\baime ?(20)?(24|25|26)?\b|math-?500|gsm8k|geometry (problem|reason)|autoformali/,
      },
      {
        slug: 'scientific-computing',
        mentions: 1,
        words:
          /\bpdes?\b|partial differential|differential equations?|(numerical|pde|linear|iterative|neural) solvers?|neural operators?|operator learning|finite[- ]element|physics-informed|\bpinns?\b|surrogate model|fluid (dynamics|simul)|\bcfd\b|computational (fluid|physics|mechanics|science)|reduced[- ]order|numerical (simul|method|analys|integrat)|high-performance computing|\bhpc\b|molecular dynamics|scientific comput|navier|monte carlo simul/,
        categories: ['math.NA', 'cs.NA', 'cs.CE', 'cs.MS', 'physics.comp-ph', 'physics.flu-dyn'],
      },
      {
        slug: 'chemistry-and-materials',
        mentions: 3,
        words:
          /chemi(stry|cal)|molecul(e|es|ar)\b|\bmaterials? (science|discovery|design|generat|propert)|crystal|retrosynthesis|\bcatalys|drug (design|discovery)|interatomic|density functional|reaction prediction/,
        categories: ['physics.chem-ph', 'cond-mat.mtrl-sci'],
      },
      {
        slug: 'earth-and-climate',
        words:
          /weather|climate|remote[- ]sensing|satellite|earth (observation|system|science)|geospatial|geo-?locali|\bgeograph|ocean|wildfire|environmental (monitor|science)|agricultur|\bcrop (yield|disease|type|mapping|classif|monitor|field|growth)|biodiversity|ecolog/,
        categories: ['physics.ao-ph', 'physics.geo-ph'],
      },
      {
        slug: 'neuroscience-and-cognition',
        words:
          /neuroscien|\bbrain|\bfmri\b|\beeg\b|neural (activity|recording|decod)|cognitive (scien|abilit|process|psycholog|load|model|map)|human cognition|psycholog|theory of mind|neuromorphic|spiking/,
        categories: ['q-bio.NC'],
      },
      {
        slug: 'finance-and-economics',
        words:
          /financ(e|ial)|\bstock|trading|portfolio|econom(y|ic|ics)\b|\bmarkets?\b|\bbusiness\b|game[- ]theor|auction|bankin|accounting/,
        categories: ['q-fin.TR', 'q-fin.ST', 'q-fin.PM', 'q-fin.CP', 'econ.GN', 'econ.TH', 'econ.EM', 'cs.GT'],
      },
      {
        slug: 'education',
        words:
          /education|students?['’]? (learn|perform|answer|essay)|tutor(s|ing)?\b|classroom|\bteaching (assistan|material|method|practice|quality|strateg)|pedagog|curriculum design|exam questions?|\b(human|adult|young|l2|second-language) learners?\b|\bk-12/,
      },
    ],
  },
] as const satisfies readonly FieldGroup[]

/** A field's slug. */
export type FieldSlug = (typeof GROUPS)[number]['fields'][number]['slug']

/** All fields, in the order of their groups. */
export const FIELDS: readonly (Field & { slug: FieldSlug })[] = GROUPS.flatMap(({ fields }) => [...fields])
