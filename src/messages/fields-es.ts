import type { FieldTexts } from './fields-en.ts'

/** The same in Spanish. */
export const fieldsEs: FieldTexts = {
  'language-models': {
    name: 'Modelos de lenguaje',
    about: 'Cómo se construyen, adaptan y usan los modelos de lenguaje.',
  },
  reasoning: { name: 'Razonamiento', about: 'Modelos que resuelven problemas paso a paso.' },
  'long-context': { name: 'Contexto largo y memoria', about: 'Entradas largas y lo que recuerdan modelos y agentes.' },
  'retrieval-and-search': {
    name: 'Recuperación y búsqueda',
    about: 'Encontrar documentos y responder preguntas a partir de ellos.',
  },
  multilingual: {
    name: 'Multilingüismo',
    about: 'Lenguas distintas del inglés, traducción y transferencia entre lenguas.',
  },
  'dialogue-and-personas': { name: 'Diálogo y personajes', about: 'Conversación, juegos de rol y chatbots.' },
  'writing-and-summaries': { name: 'Redacción y resúmenes', about: 'Generar, resumir y evaluar textos largos.' },
  'multimodal-models': {
    name: 'Modelos multimodales',
    about: 'Modelos que combinan texto con imágenes, vídeo o sonido.',
  },
  'image-generation': { name: 'Generación de imágenes', about: 'Crear imágenes a partir de texto y otras entradas.' },
  'image-editing': { name: 'Edición y restauración de imágenes', about: 'Modificar, restaurar y ampliar imágenes.' },
  'computer-vision': {
    name: 'Visión artificial',
    about: 'Detectar, segmentar y reconocer lo que muestran las imágenes.',
  },
  'visual-reasoning': {
    name: 'Razonamiento visual y espacial',
    about: 'Responder preguntas sobre imágenes, gráficos y espacio.',
  },
  'documents-and-ocr': { name: 'Documentos y OCR', about: 'Leer documentos, gráficos y texto en imágenes.' },
  'human-motion-and-faces': {
    name: 'Movimiento humano y rostros',
    about: 'Cuerpos, rostros y avatares en imagen y vídeo.',
  },
  'video-generation': { name: 'Generación de vídeo', about: 'Crear y editar vídeo.' },
  'video-understanding': {
    name: 'Comprensión de vídeo',
    about: 'Describir vídeos, buscar en ellos y razonar sobre ellos.',
  },
  '3d-and-rendering': { name: '3D y renderizado', about: 'Reconstruir, generar y renderizar objetos y escenas.' },
  'world-models': { name: 'Modelos del mundo', about: 'Modelos que predicen cómo cambia un entorno.' },
  'speech-and-audio': { name: 'Voz y audio', about: 'Reconocer, generar y comprender voz y sonido.' },
  music: { name: 'Música', about: 'Generar y analizar música y canto.' },
  agents: { name: 'Agentes', about: 'Modelos que planifican, actúan y usan herramientas.' },
  'multi-agent-systems': { name: 'Sistemas multiagente', about: 'Varios agentes que cooperan o compiten.' },
  'tool-use': { name: 'Uso de herramientas', about: 'Llamar a funciones, API y herramientas externas.' },
  'deep-research': { name: 'Investigación profunda', about: 'Agentes que buscan en la web y escriben informes.' },
  'graphical-interfaces': {
    name: 'Agentes de interfaz gráfica',
    about: 'Agentes que manejan pantallas, teléfonos y sitios web.',
  },
  code: { name: 'Código', about: 'Generar, comprender y verificar programas.' },
  'software-engineering': {
    name: 'Ingeniería de software',
    about: 'Trabajo en repositorios enteros: incidencias, revisiones y pruebas.',
  },
  games: { name: 'Juegos', about: 'Jugar, crear juegos y aprender de ellos.' },
  robotics: { name: 'Robótica', about: 'Robots que se mueven, agarran y aprenden.' },
  'vision-language-action-models': {
    name: 'Modelos de visión, lenguaje y acción',
    about: 'Modelos que convierten imágenes e instrucciones en acciones de robots.',
  },
  'embodied-ai': { name: 'IA corpórea', about: 'Agentes que ven y actúan en espacios reales o simulados.' },
  'autonomous-driving': {
    name: 'Conducción autónoma',
    about: 'Percepción, planificación y simulación para vehículos.',
  },
  'reinforcement-learning': {
    name: 'Aprendizaje por refuerzo',
    about: 'Aprender de recompensas, en modelos de lenguaje y más allá.',
  },
  'rewards-and-preferences': {
    name: 'Recompensas y preferencias',
    about: 'Modelos de recompensa, opinión humana y recompensas verificables.',
  },
  'diffusion-models': {
    name: 'Modelos de difusión y de flujo',
    about: 'Difusión, flow matching y modelos generativos afines.',
  },
  architectures: { name: 'Arquitecturas', about: 'Transformers, atención, mezclas de expertos y alternativas.' },
  training: { name: 'Entrenamiento', about: 'Preentrenamiento, ajuste fino y lo que hay entre ambos.' },
  'representation-learning': {
    name: 'Aprendizaje de representaciones',
    about: 'Embeddings, autosupervisión, tokenizadores y espacios latentes.',
  },
  'continual-and-transfer-learning': {
    name: 'Aprendizaje continuo y por transferencia',
    about: 'Adaptarse a tareas, dominios y datos nuevos.',
  },
  efficiency: { name: 'Eficiencia', about: 'Menos cómputo, memoria y tiempo para el mismo resultado.' },
  compression: { name: 'Compresión', about: 'Cuantización, poda, destilación y adaptadores de bajo rango.' },
  'inference-and-serving': {
    name: 'Inferencia y despliegue',
    about: 'Decodificación más rápida, caché y servicio de modelos.',
  },
  'hardware-and-distributed-training': {
    name: 'Hardware y entrenamiento distribuido',
    about: 'GPU, kernels, chips y entrenamiento en varias máquinas.',
  },
  'learning-theory': {
    name: 'Teoría del aprendizaje',
    about: 'Demostraciones y teoría sobre lo que los modelos pueden aprender.',
  },
  optimization: { name: 'Optimización', about: 'Optimizadores, métodos de gradiente y búsqueda.' },
  'scaling-laws': { name: 'Escalado', about: 'Cómo cambian los resultados con los datos, el tamaño y el cómputo.' },
  'probabilistic-methods': {
    name: 'Probabilidad y causalidad',
    about: 'Métodos bayesianos y causales, incertidumbre y muestreo.',
  },
  'algorithms-and-logic': {
    name: 'Algoritmos y lógica',
    about: 'Diseño de algoritmos, métodos simbólicos y verificación formal.',
  },
  'benchmarks-and-evaluation': {
    name: 'Pruebas y evaluación',
    about: 'Pruebas, jueces y medidas de lo que pueden hacer los modelos.',
  },
  datasets: { name: 'Conjuntos de datos', about: 'Nuevos conjuntos, y cómo se recogen y seleccionan los datos.' },
  'synthetic-data': { name: 'Datos sintéticos', about: 'Datos que los modelos generan para entrenar.' },
  'graphs-and-tables': {
    name: 'Grafos y tablas',
    about: 'Grafos de conocimiento, redes de grafos, tablas y bases de datos.',
  },
  'time-series': { name: 'Series temporales', about: 'Previsión y anomalías en datos a lo largo del tiempo.' },
  recommendation: { name: 'Recomendación', about: 'Sistemas de recomendación y personalización.' },
  surveys: { name: 'Revisiones', about: 'Panorámicas, taxonomías y artículos de posición.' },
  'safety-and-alignment': {
    name: 'Seguridad y alineamiento',
    about: 'Que los modelos se comporten como se espera, y comprobarlo.',
  },
  'security-and-privacy': {
    name: 'Ciberseguridad y privacidad',
    about: 'Ataques, defensas, marcas de agua, privacidad y derechos de autor.',
  },
  interpretability: { name: 'Interpretabilidad', about: 'Qué ocurre dentro de los modelos y cómo explicarlo.' },
  'hallucination-and-factuality': {
    name: 'Alucinaciones y veracidad',
    about: 'Si las respuestas son ciertas, fundadas y bien calibradas.',
  },
  'society-and-fairness': { name: 'Sociedad y equidad', about: 'Sesgos, cultura, derecho y efectos en las personas.' },
  'science-with-ai': { name: 'IA para la ciencia', about: 'Modelos que ayudan a investigar y descubrir.' },
  'medicine-and-biology': {
    name: 'Medicina y biología',
    about: 'Práctica clínica, imagen médica, proteínas y células.',
  },
  'mathematics-with-ai': { name: 'IA para las matemáticas', about: 'Resolver problemas y demostrar teoremas.' },
  'scientific-computing': {
    name: 'Computación científica',
    about: 'Solucionadores, ecuaciones diferenciales y simulación numérica.',
  },
  'chemistry-and-materials': {
    name: 'Química y materiales',
    about: 'Moléculas, reacciones, cristales y materiales nuevos.',
  },
  'earth-and-climate': { name: 'Tierra y clima', about: 'Meteorología, clima, satélites y mapas.' },
  'neuroscience-and-cognition': {
    name: 'Neurociencia y cognición',
    about: 'Cerebros, mentes y computación inspirada en el cerebro.',
  },
  'finance-and-economics': {
    name: 'Finanzas y economía',
    about: 'Mercados, negociación, economía y teoría de juegos.',
  },
  education: { name: 'Educación', about: 'Enseñanza, tutoría y aprendizaje con IA.' },
}
