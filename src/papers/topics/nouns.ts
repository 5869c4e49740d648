/**
 * Nouns that end keywords and have a regular plural, in lower case. Only these lose their plural.
 * A rule alone would also cut names and acronyms, such as RoPE, FLOPs, DAVIS and "physics".
 */
export const NOUNS: ReadonlySet<string> = new Set(
  `
  ability ablation abnormality abstract abstraction accelerator accent accuracy action activation activity adapter
  addition advantage advertisement affordance agent agreement algorithm alternative ambiguity anchor animation
  annotation anomaly answer antibody api appearance application approach architecture archive army arrangement article
  artifact aspect asset assistant association assumption asymmetry attack attempt attend attention attribute
  attribution autoencoder autoregressor avatar average backbone background bandit bank barrier base baseline battery
  behavior benchmark binding biology bitrate block blueprint body book bottleneck bound boundary box brain branch
  budget building buyer call camera candidate capability caption car card case categorization category cell chain
  challenge change channel character chart check checkpoint choice chord chunk circuit citation citizen city claim
  class classifier cliff clip cloud cluster cnn code codebase codec coefficient collection color column command
  comment commit commodity community companion company comparison completion component composition compound
  computation concept concern condition conditional configuration conflict confounder connection constant constraint
  context contract contribution convention conversation convolution coordinate copy correlation correspondence
  corruption cortex cost count counterfactual counterpart country course court creator crime crop crowd crystal cue
  curve cycle dashboard database dataset decision decoder deepfake defect defense deficiency deformation degradation
  delivery demand demonstration density dependency deployment description descriptor design designer detail detection
  detector device diagram dialect dialogue dictionary difference difficulty dilemma dimension direction discipline
  disclosure discovery discrepancy discriminator disease disparity distance distractor distribution dit divergence
  dllm dlm document domain drafter driver drone drug ecology economy edit editorial effect election element email
  embedder embedding emoji emotion encoder encoding enemy engine entity entry environment enzyme episode equation
  error essay estimate evaluation evaluator event exam example execution executor exemplar experience experiment
  expert explanation explosion expression extractor facet facility fact factory failure fallacy fallback family
  feature field file film filter finger fingerprint fix flaw flood flow forest form formalization formula formulation
  fragment frame framework frequency front function functionality future gain galaxy game gan gap gate gaussian gene
  generation generator genome geometry gesture gnn goal gpu grade gradient granularity graph grid gridworld gripper
  group guarantee guardrail gui guideline hallucination hand head heatmap hierarchy hint history horizon hour human
  humanity humanoid hyperagent identity illusion illustration image implementation implication improvement incentive
  inconsistency indicator industry inequality injury input inquiry instability instance instruction instrument
  intensity intent intention interaction interface interpretation interpreter interrelationship interval intervention
  item jailbreak job joint judge judgment justification kernel key keyframe keypoint lab label landscape lane language
  latency latent launch law layer layout leader leaderboard learner lemma length lesion lesson level library
  likelihood limb limit limitation link llm lmm loan localization logit loop lora loss lrm lvlm manifold manipulation
  manipulator manuscript map margin market mask material matte measure measurement mechanism melody meme memory mesh
  method methodology migrant mission mixture mllm modality mode model modification module molecule motion movement
  multiplication multiplier name narration narrative negative neighbor neighborhood network neuron node noise
  nonlinearity norm note novel number object objective observation occlusion ocean ode ontology operation operator
  opportunity optimization optimizer option oracle order organ outcome outlier outline output package page pair
  pairing paper paradigm paragraph parameter parser part partner party pass patch patent path pathology pathway
  patient pattern pde pedestrian peer penalty peptide performance perovskite persona perspective perturbation phase
  phoneme photo pipeline pitfall plan planet planner platform player plot plugin poem point policy polymer portfolio
  pose position positive possibility post practice predicate prediction predictor preference prefix premise
  presentation price primitive principle prior prm probability probe problem procedure process product profile program
  project projection prompt proof property proposal protein protocol prototype proxy puzzle quadruped quality query
  question quiz rank ranking rate ratio rationale reaction reality realization reasoner recipe recommendation
  reconstruction record recording recovery recurrence recursion redundancy reference refinement reflection regime
  region regressor regularization relation relationship render rendering replica report repository representation
  request requirement reranker residual resolution resource response responsibility result retriever return review
  reviewer revision reward rewrite risk rnn road robot role rollout room route router rule sae salary sample sampler
  satellite scale scan scenario scene schedule scheduler scheme school science scientist score scout screenshot script
  seam segment selector seller seminar sensor sentence sequence server service set setting setup shadow shift shortcut
  signal signature similarity simplification simulation simulator sink site size skeleton sketch skill slide slm
  snippet society solution solver song sound source space speaker specification speed speedup sphere spike splat
  spline spot square stability stage standard star state statement step stock storm story strategy stream structure
  student study style subgoal subgroup subject subproblem substitution subtask suite summary switch symmetry symptom
  synapse system table tag target task tax taxonomy teacher team technique technology template test testbed texture
  theorem theory therapy thought thread threshold ticket tier timestamp timestep tissue token tokenizer tool toolset
  topology trace trade trail trait trajectory transcript transform transformation transformer transition treatment
  tree trend trial triangle trigger triple triplet tumor turn tutor tweet type uav uncertainty unit update user
  utility utterance vae validator value variable variant variation vector vehicle velocity verdict verifier vfm video
  view viewpoint violation vla vlm vocabulary voice volume vote voxel vulnerability waypoint weakness weight width
  window word worker workflow workspace world worldview
`
    .split(/\s+/)
    .filter(Boolean),
)

/** Plurals that no rule makes. */
export const IRREGULAR: Readonly<Record<string, string>> = {
  analyses: 'analysis',
  biases: 'bias',
  caches: 'cache',
  characteristics: 'characteristic',
  critics: 'critic',
  heuristics: 'heuristic',
  hypotheses: 'hypothesis',
  indices: 'index',
  lenses: 'lens',
  losses: 'loss',
  matrices: 'matrix',
  metrics: 'metric',
  rubrics: 'rubric',
  vertices: 'vertex',
}
