// Written by scripts/unicode/tables.py from tokenizers 0.23.3; not to be edited.
// swift-format-ignore-file

extension UnicodeData {
  /// Runs of equal canonical combining classes: `count*value`.
  static let combining = """
    300*0 15*e6 e8 4*dc e8 d8 5*dc 2*ca 4*dc 2*ca b*dc 5*1 4*dc 8*e6 f0 e6 3*dc 3*e6 2*dc 0 3*e6
    4*dc e6 e8 2*dc e6 e9 2*ea e9 2*ea e9 d*e6 113*0 5*e6 109*0 dc 4*e6 dc 3*e6 de dc 6*e6 6*dc
    2*e6 dc 2*e6 de e4 e6 a b c d e f 10 11 12 2*13 14 15 16 0 17 0 18 19 0 e6 dc 0 12 48*0 8*e6
    1e 1f 20 30*0 1b 1c 1d 1e 1f 20 21 22 2*e6 2*dc 5*e6 dc 2*e6 dc 10*0 23 65*0 7*e6 2*0 4*e6 dc
    e6 2*0 2*e6 0 dc 2*e6 dc 23*0 24 1e*0 e6 dc 2*e6 dc 2*e6 3*dc e6 2*dc e6 dc 3*e6 dc e6 dc e6
    dc e6 dc 2*e6 a0*0 7*e6 dc e6 22*0 4*e6 0 9*e6 0 3*e6 0 5*e6 2b*0 3*dc 78*0 e*e6 0 dc 2*e6 dc
    2*e6 dc 3*e6 3*dc 1b 1c 1d 3*e6 dc 2*e6 2*dc 5*e6 3c*0 7 10*0 9 3*0 e6 dc 2*e6 67*0 7 10*0 9
    6e*0 7 10*0 9 6e*0 7 10*0 9 6e*0 7 10*0 9 7f*0 9 7f*0 9 7*0 54 5b 65*0 7 10*0 9 7f*0 9 7c*0 9
    6d*0 2*67 9 d*0 4*6b 6c*0 2*76 e*0 4*7a 4c*0 2*dc 1b*0 dc 0 dc 0 d8 37*0 81 82 0 84 5*0 4*82
    2*0 82 0 2*e6 9 0 2*e6 3e*0 dc 70*0 7 0 2*9 52*0 dc 2cf*0 3*e6 3b4*0 9 1f*0 9 9d*0 9 a*0 e6
    cb*0 e4 8f*0 de e6 dc db*0 e6 dc 47*0 9 14*0 8*e6 2*0 dc 30*0 5*e6 6*dc 2*e6 dc 76*0 7 f*0 9
    26*0 e6 dc 7*e6 36*0 2*9 3a*0 7 b*0 2*9 43*0 7 98*0 3*e6 0 1 5*dc 2*e6 4*dc e6 0 7*1 4*0 dc
    6*0 e6 3*0 2*e6 c6*0 2*e6 dc 7*e6 dc 2*e6 ea d6 dc ca 25*e6 5*0 e6 e9 dc e6 dc 2d0*0 2*e6 2*1
    4*e6 3*1 2*e6 4*0 e6 3*0 2*1 e6 dc e6 2*1 4*dc e6 bfe*0 3*e6 8d*0 9 60*0 20*e6 22a*0 da e4 e8
    de 2*e0 69*0 2*8 75d4*0 e6 4*0 a*e6 20*0 2*e6 50*0 2*e6 114*0 9 bd*0 9 1b*0 12*e6 39*0 3*dc
    25*0 9 5f*0 7 c*0 9 ef*0 e6 0 2*e6 dc 2*0 2*e6 5*0 2*e6 0 e6 34*0 9 f6*0 9 4f30*0 1a 301*0
    7*e6 7*dc 2*e6 3cd*0 dc e2*0 dc 95*0 5*e6 692*0 dc 0 e6 28*0 e6 1 dc 4*0 9 a5*0 e6 dc 55f*0 9
    38*0 9 39*0 9 7 45*0 3*e6 30*0 2*9 3e*0 7 4c*0 9 9*0 7 6a*0 9 7 b2*0 7 9 51*0 7 10*0 9 18*0
    7*e6 3*0 5*e6 cd*0 9 3*0 7 7b*0 9 7 fb*0 9 7 7e*0 9 76*0 9 7 73*0 9 513*0 9 4eb0*0 5*1 3b*0
    7*e6 5167*0 1 14c6*0 2*d8 3*1 3*0 e2 5*d8 8*0 8*dc 2*0 5*e6 2*dc 1e*0 4*e6 94*0 3*e6 dbb*0
    7*e6 0 11*e6 2*0 7*e6 0 2*e6 0 5*e6 8a5*0 7*dc 6d*0 6*e6 7
    """
}
